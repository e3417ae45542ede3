"""Wages as BLS publishes them: `national_M2024_dl.xlsx` of www.bls.gov/oes/, or the zip it comes in."""

import re
from collections.abc import Iterator
from typing import Any

from zaohua.careers import store
from zaohua.careers.building import figures
from zaohua.careers.building.raw import Raw
from zaohua.careers.building.units import Units
from zaohua.careers.updating.brought import Brought, File, refused
from zaohua.i18n import t

_RAW = "bls_oews_2024_national.csv"
_COLUMNS = ("OCC_CODE", "O_GROUP", "TOT_EMP", "H_MEDIAN", "A_PCT10", "A_PCT25", "A_MEDIAN", "A_PCT75", "A_PCT90")
_SHEET = re.compile(r"national_M(20\d\d)_dl", re.IGNORECASE)
_LIMIT = re.compile(r"\$([\d,]+) per year", re.IGNORECASE)
_MOST_MISSING = 0.05  # of the occupations that have wages now


class Workbook(Raw):
    """Its first sheet as the raw table that the builder knows. year: of the month of May that it is of."""

    def __init__(self, book: Any, file: File) -> None:
        self.used, self._file = {}, file
        self._sheet = book.worksheets[0]
        named = _SHEET.search(self._sheet.title) or _SHEET.search(file.name)
        if named is None:
            raise refused(file, "national_M…_dl")
        self.year = int(named[1])
        self.limit = self._limit_in(book)

    def _limit_in(self, book: Any) -> str:
        """The sum above which BLS only says `#`: stated in the description of the fields."""
        for sheet in book.worksheets[1:]:
            for line in sheet.iter_rows(values_only=True):
                for cell in line:
                    if isinstance(cell, str) and (found := _LIMIT.search(cell)):
                        return found[1].replace(",", "")
        return figures.LIMIT

    def rows(self, name: str) -> Iterator[dict[str, str]]:
        """As Raw.rows."""
        self.used[name] = self._file.sha256
        lines = self._sheet.iter_rows(values_only=True)
        head = [str(cell or "").strip().upper() for cell in next(lines, ())]
        missing = [column for column in _COLUMNS if column not in head]
        if missing:
            raise refused(self._file, f"- {missing[0]}")
        places = {column: head.index(column) for column in _COLUMNS}
        for line in lines:
            row = {column: "" if line[place] is None else str(line[place]) for column, place in places.items()}
            if re.fullmatch(r"\d\d-\d{4}", row["OCC_CODE"]):
                yield row


def is_of(book: Any) -> bool:
    """Whether a workbook is one of wages. One without a sheet of cells that can be read is not."""
    try:
        head = next(book.worksheets[0].iter_rows(max_row=1, values_only=True), ())
    except Exception:  # a damaged sheet raises whatever its XML happens to break
        return False
    return "OCC_CODE" in {str(cell).strip().upper() for cell in head}


def bring(book: Any, file: File) -> Brought:
    """Wages of all occupations that have some, or of nearly all."""
    raw = Workbook(book, file)
    rows = list(figures.wages(raw, Units.shipped(), raw.limit))
    before, after = {row["code"] for row in store.rows("wages")}, {str(row[0]) for row in rows[1:]}
    if len(before - after) > _MOST_MISSING * len(before):
        raise refused(file, t("careers.units_missing", n=len(before - after), code=min(before - after)))
    title = f"Occupational Employment and Wage Statistics, national, May {raw.year}"
    return Brought("bls_wages", {"title": title, "period": f"{raw.year}-05"}, {"wages": (rows, raw.used)}, [file])
