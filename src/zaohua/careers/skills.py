"""Skills and areas of knowledge: what an occupation asks for, and what is missing on the way to another.

O*NET rates importance from 1 to 5 and level from 0 to 7. Only shortfalls count: to know more than is asked is no gap.
"""

from collections import defaultdict
from dataclasses import dataclass
from functools import cache

import numpy as np

from zaohua.careers import store

NEEDED = 3.0  # importance from which an element is named: "important" on O*NET's scale
FELT = 0.5  # levels; smaller differences lie within the raters' disagreement


@dataclass(frozen=True)
class Gap:
    """An element of which more is asked: levels 0–7 here and there, and its importance there."""

    element: str
    kind: str
    here: float
    there: float
    importance: float


@cache
def elements() -> dict[str, tuple[str, str]]:
    """Element → (kind, English name); kind is skills or knowledge."""
    return {row["id"]: (row["kind"], row["name"]) for row in store.rows("elements")}


@cache
def matrices() -> tuple[dict[str, int], np.ndarray, np.ndarray]:
    """(place of each rated occupation, importance, level), both [occupations, elements]."""
    found: dict[str, dict[str, tuple[float, float]]] = defaultdict(dict)
    for row in store.rows("levels"):
        found[row["code"]][row["element"]] = float(row["importance"]), float(row["level"])
    both = np.array([[ratings[element] for element in elements()] for ratings in found.values()])
    return {code: number for number, code in enumerate(found)}, both[:, :, 0], both[:, :, 1]


def shortfall(here: str, there: str) -> float | None:
    """Mean missing levels, weighted by how far each element's importance there exceeds 1; None if one is unrated."""
    place, importance, level = matrices()
    if here not in place or there not in place:
        return None
    weight = importance[place[there]] - 1
    missing = np.maximum(level[place[there]] - level[place[here]], 0)
    return float((weight * missing).sum() / weight.sum())


@cache
def readiness_scale() -> float:
    """The shortfall that counts as nothing in common: its 95th percentile over pairs of occupations."""
    _, importance, level = matrices()
    weight = importance - 1
    weight = weight / weight.sum(axis=1, keepdims=True)
    among = [np.quantile((np.maximum(level - row, 0) * weight).sum(axis=1), 0.95) for row in level[::8]]
    return float(np.mean(among))


def gaps(here: str, there: str, most: int = 5) -> list[Gap]:
    """The elements that matter there and are missing here, the weightiest first."""
    place, importance, level = matrices()
    if here not in place or there not in place:
        return []
    have, want, weight = level[place[here]], level[place[there]], importance[place[there]]
    found = [
        Gap(element, kind, float(have[number]), float(want[number]), float(weight[number]))
        for number, (element, (kind, _)) in enumerate(elements().items())
        if weight[number] >= NEEDED and want[number] - have[number] >= FELT
    ]
    return sorted(found, key=lambda gap: -(gap.there - gap.here) * gap.importance)[:most]


def strengths(code: str, most: int = 6) -> list[tuple[str, float]]:
    """(element, level) that set an occupation apart: important there, and the furthest above the mean level of all."""
    place, importance, level = matrices()
    if code not in place:
        return []
    own, above = level[place[code]], (level[place[code]] - level.mean(axis=0)) / level.std(axis=0)
    needed = [number for number, weight in enumerate(importance[place[code]]) if weight >= NEEDED]
    names = list(elements())
    return [(names[number], float(own[number])) for number in sorted(needed, key=lambda each: -above[each])[:most]]
