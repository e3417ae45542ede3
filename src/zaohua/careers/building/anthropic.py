"""The Anthropic Economic Index by occupation: which of its tasks were seen in use, and how they were used.

Until March 2026 the index named tasks by the sentences of O*NET 20.1 in lower case. Sentences stay with their
publisher: what ships is the beginning of each one's SHA-256, by which a release finds its occupations. Since June 2026
it names them by their numbers in O*NET 30.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from zaohua.careers.building.occupations import Row
from zaohua.careers.building.raw import Raw, number
from zaohua.careers.building.units import Units, weighted_means

TABLE = "anthropic_tasks"
NUMBERED = "anthropic_task_numbers"
KEYS = {TABLE: "onet_20_1_task_statements_aei_key.tsv", NUMBERED: "onet_30_1_task_statements.tsv"}
TABULATED = "aei_2025_11_collaboration_by_task_claude_and_api.csv"
HANDED_OVER = ("directive", "feedback_loop")  # patterns that Anthropic counts as automation
TOGETHER = ("learning", "task_iteration", "validation")  # and as augmentation
_DIGITS = 12  # 48 bits: two of 20,000 sentences share them once in a million


@dataclass(frozen=True)
class Use:
    """How one task was used. amount: conversations that could be classified, in any unit; handed_over: share of them
    that handed the task over whole."""

    amount: float
    handed_over: float


def fingerprint(sentence: str) -> str:
    """The beginning of its SHA-256, without regard to case."""
    return hashlib.sha256(sentence.strip().lower().encode()).hexdigest()[:_DIGITS]


def tasks(raw: Raw, units: Units) -> Iterator[Row]:
    """code, task, weight: tasks of O*NET 20.1 by fingerprint; a core task counts twice."""
    yield "code", "task", "weight"
    for row in raw.rows(KEYS[TABLE]):
        for unit in sorted(units.of_onet2010(row["O*NET-SOC Code"])):
            yield unit, fingerprint(row["Task"]), _weight(row)


def numbered_tasks(raw: Raw, units: Units) -> Iterator[Row]:
    """code, task, weight: tasks of O*NET 30 by number; a core task counts twice."""
    yield "code", "task", "weight"
    for row in raw.rows(KEYS[NUMBERED]):
        if code := units.of(row["O*NET-SOC Code"]):
            yield code, row["Task ID"], _weight(row)


def _weight(row: Mapping[str, str]) -> int:
    return 2 if row["Task Type"] == "Core" else 1


def use_of(shares: Mapping[str, float], amount: float) -> Use:
    """From a task's amount and the parts of it by pattern; an amount of 0 where nothing could be classified."""
    whole = sum(shares[name] for name in HANDED_OVER)
    classified = whole + sum(shares[name] for name in TOGETHER)
    return Use(amount * classified, whole / classified if classified else 0.0)


def tabulated(raw: Raw) -> dict[str, Use]:
    """Fingerprint → use, from the table of November 2025."""
    return {
        fingerprint(row["task_name"]): use_of(
            {name: number(row[name]) or 0.0 for name in (*HANDED_OVER, *TOGETHER)}, number(row["pct"]) or 0.0
        )
        for row in raw.rows(TABULATED)
    }


def columns(known: Iterable[tuple[str, str, float]], seen: Mapping[str, Use]) -> dict[str, dict[str, float]]:
    """(code, name, weight) of every task, and the use of those seen → share of an occupation's tasks that were
    seen, and the part of the classified use that handed over whole, weighted by use."""
    coverage: dict[str, list[tuple[float, float]]] = defaultdict(list)
    automation: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for code, task, weight in known:
        use = seen.get(task)
        coverage[code].append((weight, float(use is not None)))
        if use is not None and use.amount:
            automation[code].append((use.amount, use.handed_over))
    return {"anthropic_coverage": weighted_means(coverage), "anthropic_automation": weighted_means(automation)}
