"""Tables: JSON lines, CSV and Parquet, one document a row, read as a stream."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import BinaryIO

from zaohua.data.document import Document
from zaohua.data.readers.base import SkippedFile, decoded_lines
from zaohua.data.readers.columns import LOOKED_AT, choose, joined
from zaohua.data.report import SourceReport

_LONGEST_CELL = 1 << 28  # characters; the csv module's own limit of 131,072 is shorter than a book chapter
_BATCH = 4096  # rows of a Parquet file in memory at once


def read_jsonl(stream: BinaryIO, name: str, column: str | None, report: SourceReport) -> Iterator[Document]:
    """One object or string a line, or one JSON value with all of them. Lines that are no JSON are counted, left out."""
    with decoded_lines(stream, report) as lines:
        try:
            first = lines.readline().strip()
            lines.seek(0)
            whole = first.startswith("[") or first == "{"  # written over many lines
            yield from _documents(_value(lines) if whole else _objects(lines, name, report), name, column)
        except UnicodeDecodeError as error:
            raise SkippedFile("undecodable", error.encoding) from error


def _value(lines: Iterable[str]) -> Iterator[tuple[int, object]]:
    """The items of one JSON array, or of the first array of objects inside one object, or that object; read whole."""
    try:
        value = json.loads("".join(lines))
    except ValueError as error:
        raise SkippedFile("malformed", str(error)) from error
    if isinstance(value, dict):
        arrays = (v for v in value.values() if isinstance(v, list) and v and all(isinstance(i, dict) for i in v))
        value = next(arrays, [value])
    yield from enumerate(value, 1)


def _objects(lines: Iterable[str], name: str, report: SourceReport) -> Iterator[tuple[int, object]]:
    for number, line in enumerate(lines, 1):
        if line.isspace():
            continue
        try:
            yield number, json.loads(line)
        except ValueError:
            report.skip(f"{name}:{number}", "bad_row")


def _documents(rows: Iterator[tuple[int, object]], name: str, column: str | None) -> Iterator[Document]:
    """Numbered rows, strings or mappings, as documents. The columns are chosen by the first rows."""
    sample = list(islice(rows, LOOKED_AT))
    mappings = [row for _, row in sample if isinstance(row, Mapping)]
    columns: list[str] = []
    if mappings:
        names = list(dict.fromkeys(key for row in mappings for key in row))
        columns = choose(names, mappings, column, name)
    for number, row in chain(sample, rows):
        text = row if isinstance(row, str) else joined(map(row.get, columns)) if isinstance(row, Mapping) else ""
        if text:
            yield Document(text, f"{name}:{number}")


def read_csv(stream: BinaryIO, name: str, column: str | None, report: SourceReport) -> Iterator[Document]:
    """A table with a header; one without a header where the columns asked for are numbers, from 1."""
    csv.field_size_limit(_LONGEST_CELL)
    with decoded_lines(stream, report) as lines:
        head = lines.readline()
        lines.seek(0)
        delimiter = max(",\t;|", key=head.count)
        rows = csv.reader(lines, delimiter=delimiter)
        try:
            yield from _documents(_named(rows, column), name, column)
        except UnicodeDecodeError as error:
            raise SkippedFile("undecodable", error.encoding) from error
        except csv.Error as error:
            raise SkippedFile("malformed", str(error)) from error


def _named(rows: Iterator[list[str]], column: str | None) -> Iterator[tuple[int, object]]:
    """Rows as mappings from the header's names, or from their positions where the columns asked for are numbers."""
    header = next(rows, [])
    asked = [part.strip() for part in column.split(",")] if column else []
    if asked and all(map(str.isdecimal, asked)) and not all(map(str.isdecimal, header)):
        rows = chain([header], rows)
        header = [str(number) for number in range(1, len(header) + 1)]
    for number, row in enumerate(rows, 1):
        if row:
            yield number, dict(zip(header, row, strict=False))


def read_parquet(stream: BinaryIO, name: str, column: str | None, report: SourceReport) -> Iterator[Document]:
    """The text columns of a Parquet file, some thousand rows at a time."""
    import polars

    try:
        table = polars.scan_parquet(stream)
        sample = table.head(LOOKED_AT).collect().to_dicts()
        columns = choose(table.collect_schema().names(), sample, column, name)
        number = 0
        for batch in table.select(columns).collect_batches(chunk_size=_BATCH, maintain_order=True, lazy=True):
            for row in batch.iter_rows():
                number += 1
                if text := joined(row):
                    yield Document(text, f"{name}:{number}")
    except (polars.exceptions.PolarsError, OSError) as error:
        raise SkippedFile("malformed", str(error).partition("\n")[0]) from error
    report.encodings["parquet"] += 1
