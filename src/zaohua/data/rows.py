"""Tables read by the row: several fields of each, with the line it stands on, so that a mistake can be shown."""

import csv
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from zaohua.data.readers.base import SkippedFile, decoded_lines
from zaohua.data.readers.columns import joined
from zaohua.data.readers.streams import CountedFile, Gunzipped
from zaohua.data.report import SourceReport
from zaohua.data.sources import existing, files_under, parse_source
from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import t

_LONGEST_CELL = 1 << 28  # characters
Numbered = Iterator[tuple[int, Mapping[str, object]]]


@dataclass(frozen=True, slots=True)
class Row:
    """The fields asked for, in that order, "" where a cell is empty. where: "news.csv:12"."""

    where: str
    values: tuple[str, ...]


def read_rows(sources: Sequence[str], fields: Mapping[str, str], report: SourceReport) -> Iterator[Row]:
    """The rows of all sources: csv:, jsonl:, parquet: and file: name a table, folder: several, hf: one on the hub.

    fields: setting of the recipe -> the column it names; several joined by commas are put under one another. Numbers,
    from 1, are the columns of a table without a header. Tab-separated tables have no quoting.
    Raises ZaohuaError or UsageError, naming file and line, for what is no table, lacks a column or holds a bad row.
    """
    for source in sources:
        for name, rows in _tables(source, fields, report):
            yield from _fields(name, rows, fields, report)


def read_records(sources: Sequence[str], report: SourceReport) -> Iterator[tuple[str, Mapping[str, object]]]:
    """The same rows, whole, whatever fields each has, with where they stand. Tables need a header."""
    for source in sources:
        for name, rows in _tables(source, {}, report):
            for number, row in rows:
                report.files += number == 1
                report.documents += 1
                yield f"{name}:{number}", row


def _tables(source: str, fields: Mapping[str, str], report: SourceReport) -> Iterator[tuple[str, Numbered]]:
    """The tables of a source by name."""
    kind, where = parse_source(source)
    if kind == "hf":
        from zaohua.data.hf_datasets import hub_rows, parse_place

        yield f"hf:{where}", enumerate(hub_rows(*parse_place(where)), 1)
    elif kind in ("builtin", "zip"):
        raise UsageError(t("examples.no_table", source=source))
    else:
        root = existing(kind, where)
        for path in files_under(root) if root.is_dir() else [root]:
            yield path.name, _table(path, kind, fields, report)


def _fields(name: str, rows: Numbered, fields: Mapping[str, str], report: SourceReport) -> Iterator[Row]:
    """What is wanted of every row, after it was seen to be there."""
    found = False
    for number, row in rows:
        where = f"{name}:{number}"
        values = []
        for setting, column in fields.items():
            names = [column] if column in row else [part.strip() for part in column.split(",")]
            for wanted in names:
                if wanted not in row:
                    columns = ", ".join(map(str, row))
                    raise UsageError(
                        t("examples.no_column", setting=setting, column=wanted, where=where, columns=columns)
                    )
            values.append(joined(row[wanted] for wanted in names))
        report.files += not found
        found = True
        report.documents += 1
        yield Row(where, tuple(values))


def _table(path: Path, kind: str, fields: Mapping[str, str], report: SourceReport) -> Numbered:
    """The rows of one file by its source's kind, else by its name."""
    name = path.name.lower().removesuffix(".gz")
    try:
        with CountedFile(path, report) as file:
            stream = cast(BinaryIO, file)
            if path.name.lower().endswith(".gz"):
                stream = cast(BinaryIO, Gunzipped(stream, path.stat().st_size))
            if kind == "parquet" or name.endswith(".parquet"):
                yield from _parquet(stream)
                return
            with decoded_lines(stream, report) as lines:
                if kind == "jsonl" or name.endswith((".jsonl", ".ndjson", ".json")):
                    yield from _json(lines, path.name)
                else:
                    yield from _csv(lines, numbered=bool(fields) and all(map(_is_number, fields.values())))
    except SkippedFile as skipped:
        raise ZaohuaError(t("data.unreadable", path=path, reason=t(f"data.skip_{skipped.reason}"))) from skipped
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise ZaohuaError(t("data.unreadable", path=path, reason=str(error))) from error


def _is_number(columns: str) -> bool:
    return all(part.strip().isdecimal() for part in columns.split(","))


def _csv(lines: Any, *, numbered: bool) -> Numbered:
    """Rows under the header's names or, numbered, under "1", "2", …; the number of a row is that of its first line."""
    csv.field_size_limit(_LONGEST_CELL)
    head = lines.readline()
    lines.seek(0)
    delimiter = max(",\t;|", key=head.count)
    rows = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL)
    header = [] if numbered else next(rows, [])
    begins = rows.line_num + 1
    for row in rows:
        if row:
            names = header or [str(number) for number in range(1, len(row) + 1)]
            yield begins, dict(zip(names, row, strict=False))
        begins = rows.line_num + 1


def _json(lines: Any, name: str) -> Numbered:
    """One object a line, or one array of them, whose items are then numbered."""
    first = lines.readline().strip()
    lines.seek(0)
    whole = first.startswith("[") or first == "{"
    for number, value in _items(lines, name) if whole else _lines(lines, name):
        if not isinstance(value, Mapping):
            raise ZaohuaError(t("examples.not_an_object", where=f"{name}:{number}"))
        yield number, value


def _lines(lines: Iterable[str], name: str) -> Iterator[tuple[int, object]]:
    for number, line in enumerate(lines, 1):
        if not line.isspace():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                raise ZaohuaError(t("examples.not_json", where=f"{name}:{number}")) from error


def _items(lines: Iterable[str], name: str) -> Iterator[tuple[int, object]]:
    try:
        value = json.loads("".join(lines))
    except (ValueError, RecursionError) as error:
        raise ZaohuaError(t("examples.not_json", where=f"{name}:{getattr(error, 'lineno', 1)}")) from error
    yield from enumerate(value if isinstance(value, list) else [value], 1)


def _parquet(stream: BinaryIO) -> Numbered:
    import polars

    try:
        yield from enumerate(polars.read_parquet(stream.read()).iter_rows(named=True), 1)
    except polars.exceptions.PolarsError as error:
        raise SkippedFile("malformed", str(error).partition("\n")[0]) from error
