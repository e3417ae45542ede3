"""Tables of pairs: a row names a file and says what it shows or what is heard in it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from zaohua.data.captioned.captions import Captions, Others, Questions, asked_too, merged
from zaohua.data.captioned.config import Kind
from zaohua.data.captioned.fields import (
    ANSWER,
    CAPTION,
    CLASS,
    FILE,
    GROUP,
    QUESTION,
    captions_in,
    first_of,
    questions_in,
)
from zaohua.data.captioned.files import media_among
from zaohua.data.captioned.listed import Listed
from zaohua.data.report import SourceReport
from zaohua.data.rows import read_records
from zaohua.data.sound import Sound
from zaohua.data.sources import existing, files_under, parse_source
from zaohua.data.stored import Stored, stored_file, stored_files
from zaohua.errors import UsageError
from zaohua.i18n import t


@contextmanager
def listed_in_table(
    source: str, files: str | None, kind: Kind, report: SourceReport, others: Others
) -> Iterator[list[Listed]]:
    """What the rows of a table name, to be opened within the block; files named in several rows have all their
    captions.

    files: folder:PATH or zip:PATH they lie in, or None: the folder of the table, or the only zip archive in it. Rows
    without a caption or without their file go into the report, what is in third languages into `others`.
    """
    rows = _rows(source, report, others)
    table = existing(*parse_source(source, ("csv", "jsonl"), "captioned.unknown_source"))
    with _files(table, files, report) as found:
        listed = []
        for name, row in rows.items():
            if not row.captions and not row.questions:
                report.skip(name, "other_language" if row.foreign else "no_caption")
            elif not (stored := found(name)):
                report.skip(name, "missing")
            else:
                listed.append(_listed(stored, name, row, kind))
        yield listed


class _Row(NamedTuple):
    """The first row of a file, and all that its rows say and ask. foreign: whether they did so in third languages,
    too."""

    first: Mapping[str, object]
    captions: Captions
    questions: Questions
    foreign: bool


def _rows(source: str, report: SourceReport, others: Others) -> dict[str, _Row]:
    """Name of each file -> its rows as one."""
    counts = SourceReport()  # of rows and encodings; a table is one file
    found: dict[str, _Row] = {}
    for where, record in read_records([source], counts):
        name = first_of(record, FILE)
        if not name:
            columns = {"columns": ", ".join(map(str, record)), "file": ", ".join(FILE)}
            raise UsageError(t("captioned.no_file_column", where=where, **columns))
        known, foreign = found.get(name, _Row(record, {}, {}, False)), Others()
        found[name] = _Row(
            known.first,
            merged(known.captions, captions_in(record, foreign.captions)),
            asked_too(known.questions, questions_in(record, foreign.questions)),
            known.foreign or foreign != Others(),
        )
        others.captions.update(foreign.captions)
        others.questions.update(foreign.questions)
    report.encodings.update(counts.encodings)
    if found and not any(row.captions or row.questions for row in found.values()) and others == Others():
        record = next(iter(found.values())).first
        columns = {"columns": ", ".join(map(str, record)), "caption": ", ".join(("en", "zh", *CAPTION))}
        if first_of(record, QUESTION):
            raise UsageError(t("captioned.no_answer", source=source, answer=", ".join(ANSWER)))
        raise UsageError(t("captioned.no_caption_column", source=source, **columns))
    return found


class _Folder:
    """Files below a folder by their paths; nothing outside it is opened."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, name: str) -> list[Stored]:
        relative = PurePosixPath(name.replace("\\", "/"))
        if relative.is_absolute() and relative.is_relative_to(self.folder.resolve().as_posix()):
            relative = relative.relative_to(self.folder.resolve().as_posix())
        path = self.folder / relative
        if relative.is_absolute() or ".." in relative.parts or not path.exists():
            return []
        return [stored_file(self.folder, file) for file in (files_under(path) if path.is_dir() else [path])]


class _Archive:
    """Files of an archive by their paths, or by their bare names where only one has that name."""

    def __init__(self, files: list[Stored]) -> None:
        self.by_name = {file.name: [file] for file in files}
        bare = Counter(file.name.rpartition("/")[2] for file in files)
        self.by_bare = {bare_name: [file] for file in files if bare[bare_name := file.name.rpartition("/")[2]] == 1}

    def __call__(self, name: str) -> list[Stored]:
        frames = [file for path, (file,) in self.by_name.items() if path.startswith(f"{name.rstrip('/')}/")]
        return self.by_name.get(name) or frames or self.by_bare.get(name.rpartition("/")[2], [])


@contextmanager
def _files(table: Path, files: str | None, report: SourceReport) -> Iterator[_Folder | _Archive]:
    archives = sorted(table.parent.glob("*.zip"))
    if files is None and len(archives) == 1:
        files = f"zip:{archives[0]}"
    if files is None:
        yield _Folder(table.parent)
        return
    kind, where = parse_source(files, ("folder", "zip"), "captioned.unknown_files")
    path = existing(kind, where)
    if kind == "folder":
        yield _Folder(path)
        return
    with stored_files(kind, path, report) as stored:
        yield _Archive(stored)


def _listed(stored: list[Stored], name: str, row: _Row, kind: Kind) -> Listed:
    (medium,) = media_among(stored, kind)[:1]
    label, group = first_of(row.first, CLASS), first_of(row.first, (GROUP,))
    belonging: dict[str, Any] = {"voice" if isinstance(medium, Sound) else "group": group}
    return Listed(replace(medium, name=name, label=label, **belonging), row.captions, row.questions)
