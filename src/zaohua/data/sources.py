"""Where text comes from: `documents("folder:novels")` yields one Document after another.

A source is KIND:WHERE with KIND one of folder, file, zip, jsonl, csv, parquet, hf and builtin. Files are read in sorted
order, so that the same folder gives the same documents on every machine. What cannot be read in a folder or an archive
is skipped and listed in the report; what was named by itself and cannot be read is an error of one line.
"""

import hashlib
import io
import os
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

from zaohua.data.config import TextDataConfig
from zaohua.data.document import Document
from zaohua.data.readers import SEEKING, TABLES, Reader, SkippedFile, reader_for
from zaohua.data.readers.archives import members, open_archive, size_of, unpacked
from zaohua.data.readers.columns import NoColumnError
from zaohua.data.readers.streams import CountedFile, Gunzipped
from zaohua.data.readers.text import read_text
from zaohua.data.report import SourceReport
from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import t

__all__ = [
    "Document",
    "SourceReport",
    "documents",
    "existing",
    "files_under",
    "fingerprint",
    "parse_source",
    "read_sources",
    "reasons",
    "stored_bytes",
]

KINDS = ("folder", "file", "zip", "jsonl", "csv", "parquet", "hf", "builtin")
_BUFFER = 1 << 20


def documents(source: str, *, column: str | None = None, report: SourceReport | None = None) -> Iterator[Document]:
    """The documents of one source, in a fixed order.

    source: "folder:PATH" "file:PATH" "zip:PATH" "jsonl:PATH" "csv:PATH" "parquet:PATH" "hf:org/name[:config][:split]"
    "builtin:NAME". column: the text column of tables. report: takes the counts.
    Raises UsageError for a source or column that is wrong, ZaohuaError where there is nothing to read.
    """
    report = SourceReport() if report is None else report
    kind, where = parse_source(source)
    if kind == "builtin":
        from zaohua.data.builtin import builtin_documents

        found = builtin_documents(where)
    elif kind == "hf":
        from zaohua.data.hf_datasets import hub_documents

        found = hub_documents(where, column)
    else:
        found = _local(kind, existing(kind, where), column, report)
    before = report.documents
    for document in found:
        report.documents += 1
        report.characters += len(document.text)
        report.bytes += len(document.text) if document.text.isascii() else len(document.text.encode("utf-8", "replace"))
        yield document
    if report.documents == before:
        raise ZaohuaError(t("data.no_text", source=source, reasons=reasons(report)))


def read_sources(config: TextDataConfig, report: SourceReport) -> Iterator[Document]:
    """The documents of all of a recipe's sources, one source after another, as many of each as it asks for."""
    sizes = [stored_bytes(source) for source in config.sources]
    known = config.max_documents is None and None not in sizes
    report.bytes_total = sum(size for size in sizes if size) if known else None
    for source in config.sources:
        yield from islice(documents(source, column=config.column, report=report), config.max_documents)


def stored_bytes(source: str) -> int | None:
    """Bytes that reading the source will go through, for a progress bar; None where only reading tells."""
    kind, where = parse_source(source)
    if kind in ("hf", "builtin"):
        return None
    path = existing(kind, where)
    return sum(file.stat().st_size for file in files_under(path)) if path.is_dir() else path.stat().st_size


def fingerprint(source: str) -> str:
    """A hash that changes when the source's contents do, and only then: names and bytes of local files.

    Built-in sets are identified by their pinned contents, hub data sets by name and, where it is known, revision.
    """
    kind, where = parse_source(source)
    digest = hashlib.blake2b(kind.encode(), digest_size=16)
    if kind == "builtin":
        from zaohua.data.builtin import identity

        digest.update(identity(where).encode())
    elif kind == "hf":
        from zaohua.data.hf_datasets import revision

        digest.update(revision(where).encode())
    else:
        root = existing(kind, where)
        for path in files_under(root) if root.is_dir() else [root]:
            digest.update(f"\0{path.relative_to(root) if root.is_dir() else path.name}\0".encode("utf-8", "replace"))
            try:
                with path.open("rb") as file:
                    digest.update(hashlib.file_digest(file, "blake2b").digest())
            except OSError:
                continue  # skipped with its reason when it is read
    return digest.hexdigest()


def parse_source(source: str, kinds: Sequence[str] = KINDS, unknown: str = "data.unknown_source") -> tuple[str, str]:
    """Kind and place of a source; UsageError with what was probably meant.

    kinds: those to choose from, and unknown: the message that lists them.
    """
    kind, colon, where = source.partition(":")
    if colon and kind in kinds and where:
        return kind, where
    path = Path(source).expanduser()
    if path.is_dir():
        raise UsageError(t("data.source_without_kind", source=source, meant=f"folder:{source}"))
    if path.is_file():
        if path.suffix.lower() == ".zip":
            meant = f"zip:{source}"
        elif "file" in kinds:
            meant = f"file:{source}"
        else:
            meant = f"idx:{source}" if "idx" in path.name else f"folder:{path.parent}"
        raise UsageError(t("data.source_without_kind", source=source, meant=meant))
    raise UsageError(t(unknown, source=source))


def existing(kind: str, where: str) -> Path:
    """The path behind a local source; ZaohuaError if nothing is there, UsageError if it is of another kind."""
    path = Path(where).expanduser()
    if not path.exists():
        raise ZaohuaError(t("data.missing", path=where))
    if path.is_dir() != (kind == "folder"):
        key = "data.is_a_folder" if path.is_dir() else "data.is_a_file"
        raise UsageError(t(key, path=where))
    return path


def reasons(report: SourceReport) -> str:
    """The reasons for skipping files, with counts, in brackets; empty if nothing was skipped."""
    if not report.skipped:
        return ""
    counted = [f"{t(f'data.skip_{reason}')} × {count}" for reason, count in report.skipped.most_common()]
    return f" ({', '.join(counted)})"


def files_under(folder: Path, report: SourceReport | None = None) -> list[Path]:
    """Every file under `folder` that is not hidden, sorted by path; folders that cannot be listed go in the report."""

    def failed(error: OSError) -> None:
        if report is not None:
            report.skip(str(Path(error.filename).relative_to(folder)), "unreadable", error.strerror or "")

    found: list[Path] = []
    for root, folders, names in os.walk(folder, onerror=failed):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found.extend(Path(root, name) for name in names if not name.startswith("."))
    return sorted((path for path in found if path.is_file()), key=lambda path: path.relative_to(folder).as_posix())


def _local(kind: str, path: Path, column: str | None, report: SourceReport) -> Iterator[Document]:
    if kind == "folder":
        yield from _folder(path, column, report)
        return
    reader, compressed = reader_for(path.name)
    reader = TABLES.get(kind, reader or read_text)  # a file named by itself is text unless its name says otherwise
    try:
        if kind == "zip" or (kind == "file" and path.suffix.lower() == ".zip"):
            yield from _zip(path, column, report)
        else:
            yield from _read(path, path.name, reader, compressed, column, report)
    except SkippedFile as skipped:
        reason = t(f"data.skip_{skipped.reason}")
        detail = f": {skipped.detail}" if skipped.detail else ""
        raise ZaohuaError(t("data.unreadable", path=path, reason=reason + detail)) from skipped


def _folder(folder: Path, column: str | None, report: SourceReport) -> Iterator[Document]:
    files = files_under(folder, report)
    if not files:
        raise ZaohuaError(t("data.empty_folder", path=folder))
    for path in files:
        name = path.relative_to(folder).as_posix()
        reader, compressed = reader_for(name)
        if reader is None:
            report.skip(name, "unsupported")
            continue
        try:
            yield from _read(path, name, reader, compressed, column, report)
        except SkippedFile as skipped:
            report.skip(name, skipped.reason, skipped.detail)
        except NoColumnError as error:
            report.skip(name, "column", error.columns)


def _read(
    path: Path, name: str, reader: Reader, compressed: bool, column: str | None, report: SourceReport
) -> Iterator[Document]:
    """One file through its reader; system errors become SkippedFile."""
    before = report.bytes_read
    try:
        size = path.stat().st_size
        with io.BufferedReader(CountedFile(path, report), _BUFFER) as file:
            stream: BinaryIO = file
            if compressed:
                stream = cast(BinaryIO, io.BufferedReader(Gunzipped(file, size), _BUFFER))
                if reader in SEEKING:
                    stream = io.BytesIO(stream.read())
            yield from _counting(reader(stream, name, column, report), report)
    except (OSError, EOFError, zlib.error) as error:
        raise SkippedFile("unreadable", str(getattr(error, "strerror", None) or error)) from error
    report.bytes_read = before + size


def _counting(found: Iterator[Document], report: SourceReport) -> Iterator[Document]:
    """The same documents; one more file in the report once there is one."""
    for number, document in enumerate(found):
        report.files += number == 0
        yield document


def _zip(path: Path, column: str | None, report: SourceReport) -> Iterator[Document]:
    """The files in an archive, sorted by name, unpacked in memory one at a time and never onto the disk."""
    with path.open("rb") as file, open_archive(file, size_of(file)) as archive:
        for name, member in members(archive):
            reader, compressed = reader_for(name)
            if reader is None or compressed:
                report.skip(name, "unsupported")
                continue
            before = report.bytes_read
            try:
                yield from _counting(_member(archive, member, name, reader, column, report), report)
            except SkippedFile as skipped:
                report.skip(name, skipped.reason, skipped.detail)
            except NoColumnError as error:
                report.skip(name, "column", error.columns)
            report.bytes_read = before + member.compress_size


def _member(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    name: str,
    reader: Reader,
    column: str | None,
    report: SourceReport,
) -> Iterator[Document]:
    with unpacked(archive, member) as file:
        stream = cast(BinaryIO, file)
        yield from reader(io.BytesIO(stream.read()) if reader in SEEKING else stream, name, column, report)
