"""How far an occupation's setting keeps people in it: θ, rebuilt after the IMF (Pizzinelli et al., WP/23/216).

Six groups of equal weight, each a mean of scores from 0 to 1: communication, responsibility, physical conditions,
criticality, routine, preparation. The work context is O*NET 18.1 of 2014, the newest at hand for every occupation.
"""

from dataclasses import dataclass
from functools import cache
from statistics import fmean

from zaohua.careers import store
from zaohua.careers.correlation import percentile
from zaohua.careers.occupations import occupations

GROUPS = {
    "communication": ("face_to_face", "public_speaking"),
    "responsibility": ("outcomes", "others_safety"),
    "physical": ("outdoors", "proximity"),
    "criticality": ("error", "freedom", "decisions"),
    "routine": ("automation", "unstructured"),
}
_REVERSED = "automation"  # automated work protects least


@dataclass(frozen=True)
class Complementarity:
    """θ from 0 to 1, how many of a hundred occupations lie below, and the score of each group."""

    theta: float
    percentile: int
    groups: dict[str, float]


def of(code: str) -> Complementarity | None:
    """θ of an occupation; None where O*NET 18.1 has no work context or no job zone for it."""
    groups = _groups().get(code)
    if groups is None:
        return None
    theta = thetas()[code]
    return Complementarity(round(theta, 3), percentile(theta, thetas()), groups)


@cache
def thetas() -> dict[str, float]:
    """θ by code."""
    return {code: fmean(groups.values()) for code, groups in _groups().items()}


def group_percentile(code: str, group: str) -> int:
    """How many of a hundred occupations score lower in a group."""
    return percentile(_groups()[code][group], {each: groups[group] for each, groups in _groups().items()})


@cache
def _groups() -> dict[str, dict[str, float]]:
    found = {}
    for row in store.rows("context"):
        zone = occupations()[row["code"]].job_zone
        if zone is None:
            continue
        score = {name: (float(value) - 1) / 4 for name, value in row.items() if name != "code"}
        score[_REVERSED] = 1 - score[_REVERSED]
        groups = {group: round(fmean(score[name] for name in names), 3) for group, names in GROUPS.items()}
        found[row["code"]] = groups | {"preparation": round((zone - 1) / 4, 3)}
    return found
