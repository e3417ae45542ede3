"""New work: China's announced occupations, new tasks in O*NET, and what BLS projects to grow fastest."""

from collections import defaultdict
from dataclasses import dataclass

from zaohua.careers import store
from zaohua.careers.finding.aliases import own_lines
from zaohua.careers.occupations import occupations
from zaohua.careers.outlook import median_wage, outlooks

SINCE = "2020"  # recorded changes before say nothing of what is new now
SMALLEST = 10.0  # thousands employed: below, a percentage says little


@dataclass(frozen=True)
class Announced:
    """An occupation or work type (工种) that China announced; code is empty where no official code exists yet.

    name_en and soc, the nearest US occupation ("" for none), are our own reading, not an official translation."""

    batch: int
    date: str
    kind: str
    name: str
    name_en: str
    parent: str
    code: str
    soc: str
    ai_related: bool


@dataclass(frozen=True)
class NewTasks:
    """How many new and revised tasks O*NET recorded for an occupation, and when last."""

    code: str
    new: int
    revised: int
    last: str


@dataclass(frozen=True)
class Growing:
    """A fast-growing occupation: change in percent and in thousands over ten years, and the median wage."""

    code: str
    change_percent: float
    change: float
    wage: float | None


def announced() -> list[Announced]:
    """All batches, the newest first."""
    read = {name: (english, soc) for name, english, soc in own_lines("new_in_china.psv")}
    found = [
        Announced(
            int(row["batch"]),
            row["date"],
            row["kind"],
            row["name"],
            read.get(row["name"], ("", ""))[0],
            row["parent"],
            row["code"],
            read.get(row["name"], ("", ""))[1],
            row["ai_related"] == "1",
        )
        for row in store.rows("new_in_china")
    ]
    return sorted(found, key=lambda each: -each.batch)


def new_tasks() -> list[NewTasks]:
    """Occupations with recorded changes, the most new tasks first."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: {"New": 0, "Revision": 0})
    last: dict[str, str] = {}
    for row in store.rows("emerging"):
        if row["date"] < SINCE:
            continue
        counts[row["code"]][row["category"]] = counts[row["code"]].get(row["category"], 0) + int(row["tasks"])
        last[row["code"]] = max(row["date"], last.get(row["code"], ""))
    found = [NewTasks(code, each["New"], each["Revision"], last[code]) for code, each in counts.items()]
    return sorted(found, key=lambda each: (-each.new, -each.revised, each.code))


def growing(most: int = 20) -> list[Growing]:
    """The occupations of at least SMALLEST thousand that BLS projects to grow fastest."""
    found = [
        Growing(code, each.change_percent, round(each.projected - each.employment, 1), median_wage(code))
        for code, each in outlooks().items()
        if each.employment >= SMALLEST and code in occupations()
    ]
    return sorted(found, key=lambda each: -each.change_percent)[:most]
