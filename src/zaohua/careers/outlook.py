"""Employment and pay in the United States: what is, what BLS projects over ten years, and the reasons it states."""

from collections import Counter
from dataclasses import dataclass
from functools import cache

from zaohua.careers import store

ALL_INDUSTRIES = "TE1000"


@dataclass(frozen=True)
class Outlook:
    """Employment and yearly openings in thousands, change in percent over ten years, rates in percent a year.

    employment is that of the first of `years()`, projected that of the last."""

    employment: float
    projected: float
    change_percent: float
    openings: float
    exit_rate: float
    transfer_rate: float
    education: str
    experience: str
    training: str


@dataclass(frozen=True)
class Wages:
    """Annual wages in dollars. mark: `>` some lie above the limit of BLS, given instead; `h` median hour × 2,080."""

    p10: float | None
    p25: float | None
    p50: float | None
    p75: float | None
    p90: float | None
    mark: str


@dataclass(frozen=True)
class Reason:
    """Why BLS moves an occupation's share within industries. kind: demand, productivity, …; direction: up or down."""

    kind: str
    direction: str
    industries: int
    everywhere: bool  # stated for all industries together
    names_ai: bool


@cache
def outlooks() -> dict[str, Outlook]:
    """Every projection by code."""
    return {row["code"]: _outlook(row) for row in store.rows("projections")}


def years() -> tuple[int, int]:
    """The first and last year of the projections: (2024, 2034) as shipped."""
    first, last = store.sources()["bls_projections"].period.split("/")
    return int(first), int(last)


def year_of_wages() -> int:
    """The year of the month of May that wages are of: 2024 as shipped."""
    return int(store.sources()["bls_wages"].period[:4])


@cache
def wages() -> dict[str, Wages]:
    """Wages by code; fishing and hunting workers have none."""
    return {row["code"]: _wages(row) for row in store.rows("wages")}


def median_wage(code: str) -> float | None:
    """The median annual wage in dollars, or None where BLS publishes none."""
    found = wages().get(code)
    return found.p50 if found else None


@cache
def growth() -> dict[str, float]:
    """Projected change of employment in percent, by code."""
    return {code: outlook.change_percent for code, outlook in outlooks().items()}


@cache
def national_change() -> float:
    """Projected change of all employment in percent: Σ projected / Σ now − 1."""
    before = sum(each.employment for each in outlooks().values())
    after = sum(each.projected for each in outlooks().values())
    return round(100 * (after / before - 1), 1)


def reasons(code: str) -> list[Reason]:
    """What BLS states for an occupation: for all industries first, then by the number of industries."""
    counted: Counter[tuple[str, str]] = Counter()
    everywhere, ai = set(), set()
    for row in store.rows("reasons"):
        if row["code"] != code:
            continue
        for kind in row["kinds"].split():
            key = kind, row["direction"]
            counted[key] += 1
            if row["industry_code"] == ALL_INDUSTRIES:
                everywhere.add(key)
            if row["names_ai"] == "1":
                ai.add(key)
    found = [Reason(*key, count, key in everywhere, key in ai) for key, count in counted.items()]
    return sorted(found, key=lambda reason: (not reason.everywhere, -reason.industries))


def _outlook(row: dict[str, str]) -> Outlook:
    return Outlook(
        employment=float(row["employment"]),
        projected=float(row["projected"]),
        change_percent=float(row["change_percent"]),
        openings=float(row["openings"]),
        exit_rate=float(row["exit_rate"]),
        transfer_rate=float(row["transfer_rate"]),
        education=row["education"],
        experience=row["experience"] or "None",
        training=row["training"] or "None",
    )


def _wages(row: dict[str, str]) -> Wages:
    def dollars(name: str) -> float | None:
        return float(row[name]) if row[name] else None

    return Wages(dollars("p10"), dollars("p25"), dollars("p50"), dollars("p75"), dollars("p90"), row["mark"])
