"""Captions that lie beside what they describe: owl.jpg with owl.txt, owl.en.txt and owl.zh.txt, or owl.json; in
folders, in archives, and in tar archives as WebDataset writes them.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from zaohua.data.captioned.captions import LANGUAGES, Captions, add, merged, sorted_captions
from zaohua.data.captioned.config import Kind
from zaohua.data.captioned.fields import captions_in
from zaohua.data.captioned.files import media_among, read_texts
from zaohua.data.captioned.listed import Listed
from zaohua.data.report import SourceReport
from zaohua.data.stored import Stored

_TEXTS = ("txt", "caption", "json")


def listed_beside(files: Sequence[Stored], kind: Kind, report: SourceReport, others: Counter[str]) -> list[Listed]:
    """Everything that has a caption. What has none, and captions of nothing, go into the report, a pair whose captions
    cannot be read once; others: takes the counts of captions in third languages. Each line of a text is a caption."""
    texts = [file for file in files if _suffix(file.name) in _TEXTS]
    media = media_among([file for file in files if _suffix(file.name) not in _TEXTS], kind)
    stems, read = {_stem(one.name) for one in media}, read_texts(texts, report)
    broken = {file.name for file in texts} - read.keys()
    captions = _captions(read, stems, report, others, broken)
    told = {_described(name, stems)[0] for name in broken}
    found = []
    for one in media:
        said = captions.get(one.name) or captions.get(_stem(one.name))  # a folder of frames has no suffix
        if said:
            found.append(Listed(one, said))
        elif not told & {one.name, _stem(one.name)}:
            report.skip(one.name, "no_caption")
    for stem in sorted(captions.keys() - told - {name for one in media for name in (one.name, _stem(one.name))}):
        report.skip(stem, "no_partner")
    return found


def _captions(
    texts: Mapping[str, str], stems: set[str], report: SourceReport, others: Counter[str], broken: set[str]
) -> dict[str, Captions]:
    """Stem -> what all the files of that stem say. broken: takes the names of JSON files that are none."""
    found: dict[str, Captions] = defaultdict(dict)
    for name, text in texts.items():
        stem, language = _described(name, stems)
        if _suffix(name) == "json":
            record = _record(text)
            if record is None:
                report.skip(name, "malformed")
                broken.add(name)
                continue
            said = captions_in(record, others)
        elif language is None:
            said = sorted_captions(text.splitlines(), others)
        else:
            said = {}
            add(said, language, text.splitlines())
        found[stem] = merged(found[stem], said)
    return found


def _described(name: str, stems: set[str]) -> tuple[str, str | None]:
    """What a file of captions is about, by its stem, and the language that its name tells: owl.zh.txt."""
    stem = _stem(name)
    if stem not in stems and _suffix(stem) in LANGUAGES:
        return _stem(stem), _suffix(stem)
    return stem, None


def _record(text: str) -> Mapping[str, object] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, Mapping) else None


def _suffix(name: str) -> str:
    return name.rpartition("/")[2].lower().rpartition(".")[2]


def _stem(name: str) -> str:
    """A path without its last suffix: "birds/owl.2.jpg" is "birds/owl.2"."""
    folder, slash, last = name.rpartition("/")
    return folder + slash + (last.rpartition(".")[0] or last)
