"""The Employment Projections as BLS publishes them: the workbook `occupation.xlsx` of www.bls.gov/emp/."""

import re
from collections.abc import Iterator
from typing import Any

from zaohua.careers.building import figures
from zaohua.careers.building.raw import Raw
from zaohua.careers.building.units import PROJECTIONS, Units
from zaohua.careers.names import CLASSES
from zaohua.careers.updating.brought import Brought, File, refused
from zaohua.i18n import t

# Raw table → its sheet, and the columns that are read of it: our name → how the heading of the sheet begins. Years are
# those of the release.
_SHEETS: dict[str, tuple[str, dict[str, str]]] = {
    PROJECTIONS: (
        "Table 1.2",
        {
            "soc": r"\d{4} National Employment Matrix code",
            "title": r"\d{4} National Employment Matrix title",
            "type": "Occupation type",
            "emp_2024_k": r"Employment, (\d{4})$",
            "emp_2034_k": r"Employment, (\d{4})$",
            "change_pct": "Employment change, percent",
            "self_employed_pct": "Percent self employed",
            "openings_k": "Occupational openings",
            "entry_education": "Typical education",
            "work_experience": "Work experience",
            "ojt": "Typical on-the-job training",
        },
    ),
    "bls_ep_2024_34_separations_openings.csv": (
        "Table 1.10",
        {
            "soc": r"\d{4} National Employment Matrix code",
            "exit_rate": "Labor force exit rate",
            "transfer_rate": "Occupational transfer rate",
        },
    ),
    "bls_ep_2024_34_utilization_factors.csv": (
        "Table 1.12",
        {
            "soc": r"\d{4} National Employment Matrix occupation code",
            "industry": r"\d{4} National Employment Matrix industry title",
            "industry_code": r"\d{4} National Employment Matrix industry code",
            "factor": "Factors affecting",
        },
    ),
}


class Workbook(Raw):
    """The workbook as the raw tables that the builder knows. years: the first and last of the projections."""

    def __init__(self, book: Any, file: File) -> None:
        self.used, self._file, self._book = {}, file, book
        missing = [sheet for sheet, _ in _SHEETS.values() if sheet not in self._book.sheetnames]
        if missing:
            raise refused(file, f"- {missing[0]}")
        self.years = self._years()

    def rows(self, name: str) -> Iterator[dict[str, str]]:
        """As Raw.rows."""
        sheet, columns = _SHEETS[name]
        self.used[name] = sheet
        lines = self._book[sheet].iter_rows(values_only=True)
        next(lines)  # the title
        places = self._places(sheet, [str(cell or "") for cell in next(lines)], columns)
        for line in lines:
            row = {ours: _written(line[place]) for ours, place in places.items()}
            if re.fullmatch(r"\d\d-\d{4}", row["soc"]):  # not a footnote
                yield row

    def _places(self, sheet: str, head: list[str], columns: dict[str, str]) -> dict[str, int]:
        places: dict[str, int] = {}
        for ours, pattern in columns.items():
            found = [number for number, cell in enumerate(head) if re.match(pattern, cell)]
            free = [number for number in found if number not in places.values()]
            if not free:
                raise refused(self._file, f"{sheet}: - {pattern}")
            places[ours] = free[0]
        return places

    def _years(self) -> tuple[int, int]:
        *_, head = self._book[_SHEETS[PROJECTIONS][0]].iter_rows(max_row=2, values_only=True)
        found = [int(match[1]) for cell in head if (match := re.fullmatch(r"Employment, (\d{4})", str(cell)))]
        if len(found) != 2 or not found[0] < found[1]:
            raise refused(self._file, "Table 1.2")
        return found[0], found[1]


def _written(cell: Any) -> str:
    """As the raw tables have it: numbers with a point, nothing for none."""
    if isinstance(cell, (int, float)):
        return str(float(cell))
    return "" if cell is None or cell in ("—", "None") else str(cell).strip()


def bring(opened: Any, file: File) -> Brought:
    """Employment, openings and stated reasons, for all occupations of this package or not at all."""
    book, units = Workbook(opened, file), Units.shipped()
    tables = {}
    for table, rows_of in (("projections", figures.projections), ("reasons", figures.reasons)):
        book.used = {}
        tables[table] = list(rows_of(book, units)), dict(book.used)
    head, *rows = tables["projections"][0]
    missing = units.titles.keys() - {str(row[0]) for row in rows}
    if missing:
        raise refused(file, t("careers.units_missing", n=len(missing), code=min(missing)))
    for row in rows:
        named = dict(zip(head, map(str, row), strict=True))
        known = all((named[name] or "None") in CLASSES for name in ("education", "experience", "training"))
        numbers = [named[name] for name in ("employment", "projected", "change_percent", "openings")]
        if not known or not all(re.fullmatch(r"-?\d+\.\d+", number) for number in numbers):
            raise refused(file, f"Table 1.2: {named['code']}")
    first, last = book.years
    entry = {"title": f"Employment Projections {first}–{last % 100:02}", "period": f"{first}/{last}"}
    return Brought("bls_projections", entry, tables, [file])
