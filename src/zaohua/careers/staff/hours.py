"""From rows to hours a week: matched occupations, shares with correlated errors, small groups, adoption scenarios."""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from zaohua.careers.exposure.model import figures
from zaohua.careers.exposure.occupations import WIDTH, OccupationExposure, of_occupation
from zaohua.careers.finding.find import find
from zaohua.careers.occupations import occupations
from zaohua.careers.staff.read import Row
from zaohua.errors import ZaohuaError

FEWEST = 5  # people, in anything that is shown by itself
# Share of the feasible use that is made today, and what its odds are multiplied by in a year (e^rate). Today: observed
# against feasible use of office work, 34 of 90, as Anthropic reports it for 2026. The rates are assumptions of ours.
TODAY = 0.38
RATES = {"slow": 0.1, "central": 0.3, "fast": 0.7}
YEARS = (1, 3, 5)


@dataclass(frozen=True)
class Placed:
    """A row with its occupation and how sure that is."""

    row: Row
    code: str
    confidence: float
    exposure: OccupationExposure


@dataclass(frozen=True)
class Hours:
    """people; hours: worked a week; exposed: of them, in tasks whose time could be halved, with the 90% interval."""

    name: str
    people: float
    hours: float
    exposed: float
    low: float
    high: float

    def freed(self, scenario: str, years: int) -> float:
        """Hours a week that the scenario leaves for other work: half of the exposed ones, as far as use has come."""
        return self.exposed / 2 * uptake(scenario, years)


@dataclass(frozen=True)
class StaffReport:
    """total: of all matched rows; roles, groups: by name, none under FEWEST people; unmatched: rows without occupation;
    unsure: (row, code) that were matched with doubt."""

    total: Hours | None
    roles: tuple[Hours, ...]
    groups: tuple[Hours, ...]
    unmatched: tuple[Row, ...]
    unsure: tuple[Placed, ...]


def uptake(scenario: str, years: float) -> float:
    """Share of the feasible use after so many years: logistic growth from TODAY."""
    odds = TODAY / (1 - TODAY) * math.exp(RATES[scenario] * years)
    return odds / (1 + odds)


def staff_report(rows: Sequence[Row], pooled: str) -> StaffReport:
    """pooled: the name of what is too small to be shown by itself."""
    placed, unmatched = [], []
    known: dict[str, tuple[str, float] | None] = {}
    for row in rows:
        if row.role not in known:
            known[row.role] = _occupation(row.role)
        found = known[row.role]
        exposure = of_occupation(found[0]) if found else None
        if found and exposure:
            placed.append(Placed(row, *found, exposure))
        else:
            unmatched.append(row)
    groups = {each.row.group for each in placed}
    return StaffReport(
        total=sum_hours("", placed) if sum(each.row.people for each in placed) >= FEWEST else None,
        roles=_parts(placed, lambda each: occupations()[each.code].title, pooled),
        groups=_parts(placed, lambda each: each.row.group or "–", pooled) if len(groups) > 1 else (),
        unmatched=tuple(unmatched),
        unsure=tuple(each for each in placed if each.confidence < 0.7),
    )


def _occupation(role: str) -> tuple[str, float] | None:
    try:
        found = find(role)
    except ZaohuaError:
        return None
    return found.code, found.confidence


def _parts(placed: Sequence[Placed], name: Callable[[Placed], str], pooled: str) -> tuple[Hours, ...]:
    """By name, the largest first; the small ones together, with the next larger if they are still under FEWEST.

    Otherwise what is left out could be had by subtraction.
    """
    by_name: dict[str, list[Placed]] = defaultdict(list)
    for each in placed:
        by_name[name(each)].append(each)
    size = {key: sum(each.row.people for each in part) for key, part in by_name.items()}
    order = sorted(by_name, key=lambda key: (size[key], key))
    small = [key for key in order if size[key] < FEWEST]
    large = order[len(small) :]
    while small and large and sum(size[key] for key in small) < FEWEST:
        small.append(large.pop(0))
    if small and sum(size[key] for key in small) < FEWEST:
        return ()
    found = [sum_hours(key, by_name[key]) for key in reversed(large)]
    if small:
        found.append(sum_hours(pooled, [each for key in small for each in by_name[key]]))
    return tuple(found)


def sum_hours(name: str, placed: Sequence[Placed]) -> Hours:
    """Hours of several rows. Errors of one occupation are the same wherever it occurs, and those of one major group are
    partly shared: they add up before they are squared."""
    hours, exposed, by_code, tasks = 0.0, 0.0, defaultdict[str, float](float), {}
    for each in placed:
        worked = each.row.people * each.row.hours
        hours += worked
        exposed += worked * each.exposure.share
        by_code[each.code] += worked
        tasks[each.code] = each.exposure.tasks
    half = WIDTH * math.sqrt(_variance(by_code, tasks))
    people = sum(each.row.people for each in placed)
    return Hours(name, people, hours, exposed, max(exposed - half, 0.0), min(exposed + half, hours))


def _variance(worked: Mapping[str, float], tasks: Mapping[str, float]) -> float:
    """Of the exposed hours, from hours by occupation and the number of tasks that each occupation's share is from."""
    spread = figures("en-meaning")["spread"]
    major: dict[str, float] = defaultdict(float)
    for code, hours in worked.items():
        major[code[:2]] += hours
    alone = sum(
        hours**2 * (spread["occupation"] ** 2 + spread["task"] ** 2 / max(tasks[code], 1))
        for code, hours in worked.items()
    )
    return alone + sum(hours**2 for hours in major.values()) * spread["major"] ** 2
