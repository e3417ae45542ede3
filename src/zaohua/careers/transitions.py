"""Occupations within reach of another: alike, paid no less, at most one step of preparation up, and what is missing.

No single score: of the occupations that pass, the Pareto front in feasibility, growth and risk is marked.
"""

from dataclasses import dataclass
from functools import cache

from zaohua.careers import complementarity, skills, store
from zaohua.careers.licences import licence
from zaohua.careers.occupations import occupations
from zaohua.careers.outlook import growth, median_wage, wages
from zaohua.careers.share import exposed_share

MOST_ZONES_UP = 1
WAGE_FLOOR = 1.0
LEAST_FEASIBLE = 0.45  # below, it is less a next step than a new beginning


@dataclass(frozen=True)
class Transition:
    """A next occupation. feasibility and risk 0–1 (None: unknown), growth in percent over ten years, pay in dollars."""

    code: str
    feasibility: float
    growth: float
    risk: float | None
    wage: float
    wage_ratio: float
    zones_up: int
    licence: str
    gaps: tuple[skills.Gap, ...]
    front: bool = False


def risk(code: str) -> float | None:
    """Exposure damped by complementarity, after the IMF: exposed share of the work × (1 − θ)."""
    exposed, theta = exposed_share(code), complementarity.thetas().get(code)
    return None if exposed is None or theta is None else exposed * (1 - theta)


def reachable(code: str, wage_floor: float = WAGE_FLOOR, most: int = 12) -> list[Transition]:
    """The occupations within reach of `code`, those on the front first, then by feasibility.

    wage_floor: lowest median wage as a part of the one here. Empty where `code` has no published wage or job zone.
    """
    wage, zone = median_wage(code), occupations()[code].job_zone
    if wage is None or zone is None:
        return []
    found = []
    for other, likeness in _alike().get(code, {}).items():
        pay, level, missing = median_wage(other), occupations()[other].job_zone, skills.shortfall(code, other)
        if pay is None or level is None or missing is None or pay < wage_floor * wage or level > zone + MOST_ZONES_UP:
            continue
        feasibility = (max(0.0, 1 - missing / skills.readiness_scale()) + likeness) / 2
        if feasibility < LEAST_FEASIBLE or wages()[other].mark == "h":  # paid by the hour: the year's pay is not known
            continue
        found.append(
            Transition(
                other,
                round(feasibility, 3),
                growth()[other],
                _rounded(risk(other)),
                pay,
                round(pay / wage, 2),
                level - zone,
                licence(other),
                tuple(skills.gaps(code, other)),
            )
        )
    best = _front(found)
    marked = [Transition(**{**vars(each), "front": each in best}) for each in found]
    return sorted(marked, key=lambda each: (not each.front, -each.feasibility))[:most]


def _front(found: list[Transition]) -> list[Transition]:
    """Those that no other equals or beats in feasibility, growth and risk at once, and beats in one."""
    return [each for each in found if not any(_beats(other, each) for other in found)]


def _beats(one: Transition, other: Transition) -> bool:
    ours, theirs = _merits(one), _merits(other)
    return ours != theirs and all(mine >= its for mine, its in zip(ours, theirs, strict=True))


def _merits(each: Transition) -> tuple[float, float, float]:
    return each.feasibility, each.growth, -1.0 if each.risk is None else -each.risk


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


@cache
def _alike() -> dict[str, dict[str, float]]:
    """Code → other → likeness from 0 to 1: the score of `similar` as a part of the highest that the code has."""
    found: dict[str, dict[str, float]] = {}
    for row in store.rows("similar"):
        found.setdefault(row["code"], {})[row["other"]] = max(0.0, float(row["score"]))
    return {
        code: {other: score / max(1e-9, *others.values()) for other, score in others.items()}
        for code, others in found.items()
    }
