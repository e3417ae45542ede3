"""The rows of a table with their files opened; what cannot be used is named and counted."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from zaohua.data.clean import clean_text
from zaohua.data.opening import side_by_side
from zaohua.data.readers.base import SkippedFile
from zaohua.data.readers.columns import joined
from zaohua.data.records.cells import FILES, builtin_cells, opener
from zaohua.data.records.config import RecordsConfig
from zaohua.data.records.forms import Forms
from zaohua.data.report import SourceReport
from zaohua.data.rows import read_records as read_table
from zaohua.data.sources import parse_source
from zaohua.data.spool import content_digest
from zaohua.errors import UsageError
from zaohua.i18n import t

_KINDS = ("csv", "jsonl", "parquet", "file", "builtin")


@dataclass(slots=True)
class Row:
    """A row in its final form. values: of the modalities it has; target: as it stands; group: "" for none;
    skipped: files of it that were left out, each with reason and detail."""

    where: str
    target: str
    group: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    skipped: list[tuple[str, str, str]] = field(default_factory=list)
    files: list[tuple[int, int]] = field(default_factory=list)  # digests of what they hold
    digest: tuple[int, int] = (0, 0)


def rows_of(config: RecordsConfig, source: str, forms: Forms, report: SourceReport, *, visible: bool) -> list[Row]:
    """Every row that something can be learnt from; what was left out goes into the report."""
    kind, where = parse_source(source, _KINDS, "records.unknown_source")
    if kind == "builtin":
        rows, folder = list(builtin_cells(where)), Path()
    else:
        rows, folder = list(read_table([source], report)), Path(config.folder or Path(where).expanduser().parent)
    _check_columns(config, rows, source)

    group = config.group or ("group" if kind == "builtin" else None)

    work = partial(_opened, config=config, forms=forms, folder=folder.expanduser(), group=group)

    found = []
    with closing(side_by_side(work, rows, t("records.reading"), visible=visible)) as made:
        for row in made:
            for name, reason, detail in row.skipped:
                report.skip(name, reason, detail)
            if not row.target:
                report.skip(row.where, "no_label")
            elif config.kind == "number" and as_number(row.target) is None:
                report.skip(row.where, "no_number", row.target[:40])
            elif not row.values:
                report.skip(row.where, "nothing")
            else:
                found.append(row)
    report.documents = len(found)
    return found


def _check_columns(config: RecordsConfig, rows: Sequence[tuple[str, Mapping[str, Any]]], source: str) -> None:
    """Every column that the recipe names stands in some row."""
    there = dict.fromkeys(name for _, row in rows for name in row)
    wanted: dict[str, Sequence[str]] = {"label": [config.label], "numbers": config.numbers}
    wanted |= {"categories": config.categories}
    wanted |= {name: [column] for name in ("group", "image", "audio", "video") if (column := getattr(config, name))}
    if config.text:
        wanted["text"] = _parts(config.text, there)
    for setting, columns in wanted.items():
        for column in columns:
            if rows and column not in there:
                known = ", ".join(there)
                raise UsageError(
                    t("records.no_column", setting=f"data.{setting}", column=column, source=source, columns=known)
                )


def _parts(columns: str, there: Mapping[str, Any]) -> list[str]:
    return [columns] if columns in there else [part.strip() for part in columns.split(",")]


def _opened(
    item: tuple[str, Mapping[str, Any]], config: RecordsConfig, forms: Forms, folder: Path, group: str | None
) -> Row:
    """One row with its files opened."""
    where, cells = item
    row = Row(where, _text(cells.get(config.label)), _text(cells.get(group)) if group else "")
    if config.text:
        text = clean_text(joined(cells.get(name) for name in _parts(config.text, cells)), "NFC").strip()
        if text:
            row.values["text"] = text
    for modality in FILES:
        column = getattr(config, modality)
        cell = cells.get(column) if column else None
        if cell is None or (isinstance(cell, str) and not cell.strip()):
            continue
        form = getattr(forms, modality)
        try:
            row.values[modality] = form.of(cell if callable(cell) else opener(modality, folder / str(cell).strip()))
        except SkippedFile as skipped:
            row.skipped.append((where, skipped.reason, "" if callable(cell) else str(cell)))
    if forms.table is not None:
        try:
            numbers, words = forms.table.of(cells)
            if any(value is not None for value in numbers) or any(words):
                row.values["table"] = numbers, words
        except ValueError as error:
            row.skipped.append((where, "no_number", f"{error}: {_text(cells.get(str(error)))[:40]}"))
    row.files = [content_digest(row.values[name].tobytes()) for name in FILES if name in row.values]
    told = repr([row.target, row.values.get("text"), row.values.get("table"), row.files])
    row.digest = content_digest(told.encode("utf-8", "replace"))
    return row


def _text(value: object) -> str:
    """A cell as a word: a whole number without its point, nothing for an empty cell."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip()


def as_number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if np.isfinite(number) else None
