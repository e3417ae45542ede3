"""Exposure of whole occupations, from scores of their tasks by models that had not seen the occupation."""

import csv
import gzip
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from zaohua.careers import store
from zaohua.careers.exposure.labels import KINDS
from zaohua.careers.exposure.levels import Levels, levels
from zaohua.careers.exposure.model import HALVED, Scored, figures
from zaohua.careers.exposure.sources import Work
from zaohua.careers.occupations import by_member

TABLE = Path(__file__).parent / "weights" / "occupations.csv.gz"
ACTIVITIES = 0.25  # of the share: tasks are all told alike, but what matters most is known of activities
WIDTH = 1.645  # standard deviations either side of nine in ten of a normal distribution


@dataclass(frozen=True)
class OccupationExposure:
    """Means over the tasks of an occupation; a core task counts twice. Shares of time-weighted tasks, 0 … 1.

    share: β of both raters as the model expects it, see Scored.share: to three quarters that of the tasks, to one
    quarter that of its work activities by their importance; low … high its 90% interval; people, gpt4: each of tasks;
    automation: 0 (none) … 4 (whole); likely, uncertain, unlikely: shares of tasks, and by kinds of
    content those that a reader by the rubric is expected to call so.
    """

    code: str
    tasks: float
    share: float
    low: float
    high: float
    people: float
    gpt4: float
    disagreement: float
    automation: float
    likely: float
    uncertain: float
    unlikely: float
    kinds: Mapping[str, Levels]


def of_occupation(code: str) -> OccupationExposure | None:
    """By O*NET-SOC (`27-1024.00`) or SOC code (`27-1024`, the mean of its members); None where no task was labelled."""
    rows = _table().get(code) or _members().get(code)
    if not rows:
        return None
    return _exposure(code, {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}, len(rows))


def _exposure(code: str, row: Mapping[str, float], members: int) -> OccupationExposure:
    half = WIDTH * error_of_mean(figures("en-meaning")["spread"], row["tasks"] * members)
    main = {name: value for name, value in row.items() if "/" not in name}
    kinds = {kind: levels(row[f"{kind}/likely"], row[f"{kind}/uncertain"]) for kind in KINDS}
    low, high = max(row["share"] - half, 0.0), min(row["share"] + half, 1.0)
    return OccupationExposure(code, low=low, high=high, kinds=kinds, **main)


def error_of_mean(spread: Mapping[str, float], tasks: float) -> float:
    """Standard deviation of an occupation's mean over so many tasks: what they share does not average out."""
    return float(np.sqrt(spread["major"] ** 2 + spread["occupation"] ** 2 + spread["task"] ** 2 / max(tasks, 1)))


@cache
def _table() -> dict[str, list[dict[str, float]]]:
    with gzip.open(TABLE, "rt", encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    return {row.pop("code"): [{name: float(value) for name, value in row.items()}] for row in rows}


@cache
def _members() -> dict[str, list[dict[str, float]]]:
    found: dict[str, list[dict[str, float]]] = {}
    for code, rows in _table().items():
        found.setdefault(code[:7], []).extend(rows)
    return found


def by_importance(scores: Mapping[str, float]) -> dict[str, float]:
    """From the share of each work activity to that of each occupation, its activities weighed by importance."""
    found: dict[str, list[tuple[float, float]]] = {}
    for row in store.rows("activities"):
        found.setdefault(row["code"], []).append((float(row["weight"]), scores[row["activity"]]))
    return {code: sum(w * share for w, share in each) / sum(w for w, _ in each) for code, each in found.items()}


def with_activities(of_tasks: float, of_activities: float | None) -> float:
    """An occupation's share from that of its tasks and, where importance is known, that of its activities."""
    return of_tasks if of_activities is None else (1 - ACTIVITIES) * of_tasks + ACTIVITIES * of_activities


def write_occupations(
    works: Sequence[Work], scored: Scored, limits: Mapping[str, Any], activities: Mapping[str, float]
) -> None:
    """The table that ships, from scores of unseen occupations and from the shares of work activities."""
    weight = np.array([2.0 if work.core else 1.0 for work in works])
    likely = scored.exposed >= limits["likely_at_least"]
    unlikely = scored.exposed <= limits["unlikely_at_most"]
    columns = {
        "share": scored.share,
        "people": scored.people @ HALVED,
        "gpt4": scored.gpt4 @ HALVED,
        "disagreement": scored.disagreement,
        "automation": scored.automation,
        "likely": likely.astype(float),
        "uncertain": (~likely & ~unlikely).astype(float),
        "unlikely": unlikely.astype(float),
        **{
            f"{kind}/{name}": scored.kinds[:, place, number]
            for place, kind in enumerate(KINDS)
            for number, name in ((2, "likely"), (1, "uncertain"))
        },
    }
    codes, place = np.unique([work.code for work in works], return_inverse=True)
    total = np.bincount(place, weight)
    means = {name: np.bincount(place, weight * values) / total for name, values in columns.items()}
    important, unit = by_importance(activities), by_member()
    weighed = [important.get(unit.get(code[:7], "")) for code in codes]
    means["share"] = np.array([with_activities(*pair) for pair in zip(means["share"], weighed, strict=True)])
    counts = np.bincount(place)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["code", "tasks", *means])
    for number, code in enumerate(codes):
        table.writerow([code, counts[number], *(f"{values[number]:.4f}" for values in means.values())])
    TABLE.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))
