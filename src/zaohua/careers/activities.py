"""What the work of an occupation is made of: O*NET's work activities (IWA), their shares, and our model on each."""

from dataclasses import dataclass
from functools import cache

from zaohua.careers import store
from zaohua.careers.exposure.labels import KINDS


@dataclass(frozen=True)
class Scored:
    """What our model makes of a title. level: likely, uncertain or unlikely; share, people, gpt4: β from 0 to 1;
    kinds: the level by kind of content."""

    level: str
    share: float
    people: float
    gpt4: float
    kinds: dict[str, str]


@cache
def scores() -> dict[str, Scored]:
    """Every activity, scored when the tables were made."""
    return {
        row["activity"]: Scored(
            row["level"],
            float(row["share"]),
            float(row["people"]),
            float(row["gpt4"]),
            {kind: row[kind] for kind in KINDS},
        )
        for row in store.rows("activity_scores")
    }


def of(code: str) -> list[tuple[str, float]]:
    """(activity, share of the work), the largest first; empty where neither Microsoft nor O*NET has weights."""
    return _shares().get(code, [])


@cache
def _shares() -> dict[str, list[tuple[str, float]]]:
    found: dict[str, list[tuple[str, float]]] = {}
    for row in store.rows("activities"):
        found.setdefault(row["code"], []).append((row["activity"], float(row["weight"])))
    return found
