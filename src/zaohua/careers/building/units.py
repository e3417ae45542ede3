"""The occupations that all is told of: the line items of the Employment Projections, and what belongs to each.

BLS projects 832 occupations. Most are one code of SOC 2018, a few are several taken together (13-1020: 13-1021,
13-1022, 13-1023), and O*NET divides many further (15-1299.01 …). Whatever carries a finer or an older code is
brought here.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from statistics import fmean

from zaohua.careers import store
from zaohua.careers.building.raw import Raw

PROJECTIONS = "bls_ep_2024_34_occupations.csv"
# Line items that stand for several codes whose digits do not show it.
MERGED = {
    "21-1018": ("21-1011", "21-1014"),
    "25-2052": ("25-2055", "25-2056"),
    "25-9045": ("25-9042", "25-9043", "25-9049"),
    "51-2028": ("51-2022", "51-2023"),
    "53-1047": ("53-1042", "53-1043", "53-1044", "53-1049"),
}


class Units:
    """Codes of every kind → the code of the line item that covers them."""

    def __init__(self, raw: Raw) -> None:
        lines = [row for row in raw.rows(PROJECTIONS) if row["type"] == "Line item"]
        self.titles = {row["soc"]: row["title"] for row in lines}
        self._part_of = {part: whole for whole, parts in MERGED.items() for part in parts}
        self._soc2018 = defaultdict(set)
        for row in raw.rows("soc2010_soc2018_crosswalk.csv"):
            self._soc2018[row["soc2010"]].add(row["soc2018"])
        self._onet2019 = defaultdict(set)
        for row in raw.rows("onet_soc_2010_to_2019_crosswalk.csv"):
            self._onet2019[row["O*NET-SOC 2010 Code"]].add(row["O*NET-SOC 2019 Code"])

    @classmethod
    def shipped(cls) -> "Units":
        """Those of the tables at hand, without the crosswalks from older classifications."""
        made = cls.__new__(cls)
        made.titles = {row["code"]: row["title"] for row in store.rows("occupations")}
        made._part_of = {part: whole for whole, parts in MERGED.items() for part in parts}
        made._soc2018, made._onet2019 = defaultdict(set), defaultdict(set)
        return made

    def of(self, code: str) -> str | None:
        """The line item of a SOC 2018 or O*NET-SOC 2019 code; None for one that is not projected (the military)."""
        code = code[:7]
        for whole in (code, self._part_of.get(code, ""), f"{code[:6]}0"):
            if whole in self.titles:
                return whole
        return None

    def of_soc2010(self, code: str) -> set[str]:
        """The line items of a SOC 2010 code."""
        return {unit for new in self._soc2018[code[:7]] if (unit := self.of(new))}

    def of_onet2010(self, code: str) -> set[str]:
        """The line items of an O*NET-SOC 2010 code."""
        return {unit for new in self._onet2019[code] if (unit := self.of(new))}


def means(pairs: Iterable[tuple[str | None, float | None]], digits: int = 4) -> dict[str, float]:
    """The mean of what each code was given; pairs without a code or a number are passed over."""
    found = defaultdict(list)
    for code, value in pairs:
        if code is not None and value is not None:
            found[code].append(value)
    return {code: round(fmean(values), digits) for code, values in found.items()}


def weighted_means(parts: Mapping[str, list[tuple[float, float]]], digits: int = 4) -> dict[str, float]:
    """Σ weight · value / Σ weight, of (weight, value) by code."""
    totals = {code: sum(weight for weight, _ in pairs) for code, pairs in parts.items()}
    return {
        code: round(sum(weight * value for weight, value in pairs) / totals[code], digits)
        for code, pairs in parts.items()
        if totals[code]
    }
