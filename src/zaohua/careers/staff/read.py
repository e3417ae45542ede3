"""Staff lists: roles, headcounts and groups out of CSV or Excel files. Other columns, as of names, are not kept."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zaohua.data.readers.archives import open_archive
from zaohua.data.readers.base import SkippedFile, encoding_of
from zaohua.errors import ZaohuaError
from zaohua.extras import need
from zaohua.i18n import t

_COLUMNS = {
    "role": r"role|job|job title|title|position|occupation|post|岗位|岗位名称|职位|职位名称|职务|职业|工种",
    "people": r"headcount|head count|people|employees|staff|count|number|fte|人数|员工数|在岗人数|编制人数",
    "group": r"department|dept|team|unit|division|group|office|部门|所属部门|科室|团队|组别|单位",
    "hours": r"hours|weekly hours|hours per week|hours a week|周工时|每周工时|周工作小时",
}
_PATTERNS = {name: re.compile(f"(?:{pattern})s?", re.IGNORECASE) for name, pattern in _COLUMNS.items()}
MOST_ROWS, MOST_BYTES = 100_000, 50_000_000
_MOST_PEOPLE = 10_000_000
_MOST_CELLS = 5_000_000  # from the first to the last that is used: one far away makes them all
_HEAD = 20  # lines among which the heading stands
_THOUSANDS = re.compile(r"\d{1,3}(?:[,，]\d{3})+(?:\.\d+)?")
_DECIMAL = re.compile(r"\d+,\d{1,2}")
_TOTAL = re.compile(r"\s*(?:合\s*计|总\s*计|小\s*计|(?:grand |sub)?total|sum)\s*[:：]?\s*", re.IGNORECASE)
FULL_WEEK = 40.0  # hours, where the list has none


@dataclass(frozen=True)
class Row:
    """One line of the list: its number in the file, the role, how many people, their group and weekly hours each."""

    line: int
    role: str
    people: float
    group: str
    hours: float


def read_staff(path: Path) -> list[Row]:
    """The rows of a list. Raises ZaohuaError, with the line, for what cannot be counted on."""
    cells = _cells(path)
    heads = [(place, found) for place, (_, row) in enumerate(cells[:_HEAD]) if "role" in (found := _columns(row))]
    if not heads:
        raise ZaohuaError(t("staff.no_role", name=path.name))
    start, columns = heads[0]
    rows: list[Row] = []
    for line, row in cells[start + 1 :]:
        role = _text(row, columns["role"])
        if not role or _TOTAL.fullmatch(role):
            if any(str(cell or "").strip() for cell in row) and not any(_TOTAL.fullmatch(str(cell)) for cell in row):
                raise ZaohuaError(t("staff.row_without_role", line=line))
            continue
        people = _number(row, columns["people"], line, _MOST_PEOPLE) if "people" in columns else 1.0
        hours = _number(row, columns["hours"], line, 168) if "hours" in columns else FULL_WEEK
        group = _text(row, columns["group"]) if "group" in columns else ""
        rows.append(Row(line, role, people, group, hours))
    if not rows:
        raise ZaohuaError(t("staff.empty", name=path.name))
    if any(row.people > 1 for row in rows):  # otherwise a line is a person, and persons may be alike
        _refuse_copies(rows)
    return rows


def _refuse_copies(rows: Sequence[Row]) -> None:
    seen: dict[tuple[str, str, float, float], int] = {}
    for row in rows:
        first = seen.setdefault((row.role.casefold(), row.group.casefold(), row.people, row.hours), row.line)
        if first != row.line:
            raise ZaohuaError(t("staff.twice", first=first, second=row.line))


def _cells(path: Path) -> list[tuple[int, Sequence[Any]]]:
    """(line number, cells) of every line of a file."""
    kind = path.suffix.lower()
    if not path.exists():
        raise ZaohuaError(t("staff.no_file", path=path))
    if path.is_dir() or kind not in (".csv", ".tsv", ".xlsx"):
        raise ZaohuaError(t("staff.bad_kind", name=path.name or path))
    try:
        data = path.read_bytes() if path.stat().st_size <= MOST_BYTES else b""
    except OSError as error:
        raise ZaohuaError(t("staff.unreadable", name=path.name)) from error
    if not data.strip():
        raise ZaohuaError(t("staff.empty" if path.stat().st_size <= MOST_BYTES else "staff.too_long", name=path.name))
    cells = _sheet(data, path) if kind == ".xlsx" else _lines(data, path)
    if len(cells) > MOST_ROWS:
        raise ZaohuaError(t("staff.too_long", name=path.name))
    return cells


def _lines(data: bytes, path: Path) -> list[tuple[int, Sequence[Any]]]:
    if b"\0" in data[:1024] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ZaohuaError(t("staff.unreadable", name=path.name))
    try:
        text = data.decode(encoding_of(data, final=True), errors="replace").lstrip("\ufeff")
        head = "\n".join(text.splitlines()[:_HEAD])
        delimiter = max("\t;,，", key=head.count)
        table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        return [(table.line_num, row) for row in table]
    except (SkippedFile, csv.Error) as error:
        raise ZaohuaError(t("staff.unreadable", name=path.name)) from error


def _sheet(data: bytes, path: Path) -> list[tuple[int, Sequence[Any]]]:
    openpyxl = need("openpyxl", "documents")
    try:
        open_archive(io.BytesIO(data), len(data))
        book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
        shown = next((sheet for sheet in book.worksheets if _names_roles(sheet)), book.worksheets[0])
        written = openpyxl.load_workbook(io.BytesIO(data))[shown.title]
        if shown.max_row > MOST_ROWS or shown.max_row * shown.max_column > _MOST_CELLS:
            raise ZaohuaError(t("staff.too_long", name=path.name))
        merged = [str(area) for area in written.merged_cells.ranges if area.min_row != area.max_row or area.min_row > 1]
        cells = [[cell.value for cell in row] for row in shown.iter_rows()]
        formulas = [
            cell.coordinate
            for row in written.iter_rows()
            for cell in row
            if cell.data_type == "f" and shown[cell.coordinate].value is None
        ]
    except ZaohuaError:
        raise
    except Exception as error:  # a damaged workbook raises whatever its XML happens to break
        raise ZaohuaError(t("staff.unreadable", name=path.name)) from error
    if merged:
        raise ZaohuaError(t("staff.merged", cells=merged[0]))
    if formulas:
        raise ZaohuaError(t("staff.formula", cell=formulas[0]))
    return list(enumerate(cells, 1))


def _names_roles(sheet: Any) -> bool:
    """Whether a sheet has the heading of a staff list."""
    return any("role" in _columns(row) for row in sheet.iter_rows(max_row=_HEAD, values_only=True))


def _columns(row: Sequence[Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, cell in enumerate(row):
        head = re.sub(r"[\s_]+", " ", str(cell or "")).strip().rstrip("*：:")
        for name, pattern in _PATTERNS.items():
            if name not in found and pattern.fullmatch(head):
                found[name] = place
    return found


def _text(row: Sequence[Any], place: int) -> str:
    return " ".join(str(row[place]).split()) if place < len(row) and row[place] is not None else ""


def _number(row: Sequence[Any], place: int, line: int, most: float) -> float:
    text = re.sub(r"\s*(?:人|名|people|fte|h|hours|小时)$", "", _text(row, place), flags=re.IGNORECASE)
    if _THOUSANDS.fullmatch(text):
        text = re.sub("[,，]", "", text)
    elif _DECIMAL.fullmatch(text):  # 37,5 hours
        text = text.replace(",", ".")
    try:
        value = float(text)
    except ValueError:
        raise ZaohuaError(t("staff.no_number", line=line)) from None
    if not 0 <= value <= most:
        raise ZaohuaError(
            t(
                "staff.bad_number",
                line=line,
                value=f"{value:,.10g}",
                most=f"{most:,.0f}",
            )
        )
    return value
