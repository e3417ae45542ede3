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

from zaohua.careers.exposure.labels import KINDS
from zaohua.careers.exposure.model import HALVED, Scored, figures
from zaohua.careers.exposure.sources import Work

TABLE = Path(__file__).parent / "weights" / "occupations.csv.gz"
WIDTH = 1.645  # standard deviations either side of nine in ten of a normal distribution


@dataclass(frozen=True)
class OccupationExposure:
    """Means over the tasks of an occupation; a core task counts twice. Shares of time-weighted tasks, 0 … 1.

    share: β of both raters as the model expects it, see Scored.share, low … high its 90% interval; people, gpt4: each;
    automation: 0 (none) … 4 (whole); likely, uncertain, unlikely: shares of tasks; kinds: P(likely) + P(uncertain) / 2.
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
    kinds: Mapping[str, float]


def of_occupation(code: str) -> OccupationExposure | None:
    """By O*NET-SOC (`27-1024.00`) or SOC code (`27-1024`, the mean of its members); None where no task was labelled."""
    rows = _table().get(code) or _members().get(code)
    if not rows:
        return None
    return _exposure(code, {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}, len(rows))


def _exposure(code: str, row: Mapping[str, float], members: int) -> OccupationExposure:
    half = WIDTH * error_of_mean(figures("en-meaning")["spread"], row["tasks"] * members)
    main = {name: value for name, value in row.items() if name not in KINDS}
    low, high = max(row["share"] - half, 0.0), min(row["share"] + half, 1.0)
    return OccupationExposure(code, low=low, high=high, kinds={kind: row[kind] for kind in KINDS}, **main)


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


def write_occupations(works: Sequence[Work], scored: Scored, limits: Mapping[str, Any]) -> None:
    """The table that ships, from scores of unseen occupations."""
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
        **{kind: scored.kinds[:, place] @ np.array([0, 0.5, 1]) for place, kind in enumerate(KINDS)},
    }
    codes, place = np.unique([work.code for work in works], return_inverse=True)
    total = np.bincount(place, weight)
    means = {name: np.bincount(place, weight * values) / total for name, values in columns.items()}
    counts = np.bincount(place)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["code", "tasks", *means])
    for number, code in enumerate(codes):
        table.writerow([code, counts[number], *(f"{values[number]:.4f}" for values in means.values())])
    TABLE.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))
