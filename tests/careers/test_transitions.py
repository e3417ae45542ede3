"""Next occupations: never below the wage floor, never two steps up, only real gaps, and a front that nothing beats."""

import numpy as np
import pytest

from zaohua.careers import skills, store
from zaohua.careers.occupations import occupations
from zaohua.careers.outlook import median_wage, wages
from zaohua.careers.transitions import Transition, reachable

EVERYONE = sorted(occupations())


@pytest.mark.parametrize("floor", [1.0, 0.8, 1.3])
def test_no_transition_breaks_the_rules(floor: float) -> None:
    some = EVERYONE if floor == 1.0 else EVERYONE[::7]
    shown = 0
    for code in some:
        for each in reachable(code, floor, most=60):
            shown += 1
            assert each.code != code
            assert median_wage(each.code) >= floor * median_wage(code)
            assert occupations()[each.code].job_zone <= occupations()[code].job_zone + 1
            assert wages()[each.code].mark != "h"
            assert 0 <= each.feasibility <= 1
            assert all(gap.there > gap.here and gap.importance >= skills.NEEDED for gap in each.gaps)
    assert shown > len(some)


@pytest.mark.parametrize("code", ["27-1024", "41-2011", "43-9021", "15-1251", "29-1141"])
def test_the_front_is_the_pareto_front(code: str) -> None:
    found = reachable(code, 0.0, most=60)
    merits = np.array([_merits(each) for each in found])
    for number, each in enumerate(found):
        better = (merits >= merits[number]).all(axis=1) & (merits > merits[number]).any(axis=1)
        assert each.front == (not better.any())
    fronts = [each.front for each in found]
    assert fronts == sorted(fronts, reverse=True)


def test_a_lower_floor_only_adds() -> None:
    strict = {each.code for each in reachable("27-1024", 1.0, most=60)}
    assert strict <= {each.code for each in reachable("27-1024", 0.7, most=60)}


def test_shortfalls_are_one_sided() -> None:
    doctor, aide = "29-1216", "31-1120"
    assert skills.shortfall(aide, doctor) > 4 * skills.shortfall(doctor, aide)
    assert skills.shortfall(doctor, doctor) == 0
    assert skills.gaps(doctor, doctor) == []


def test_shortfall_is_its_definition() -> None:
    here, there = "27-1024", "15-1254"
    rows = {
        (row["code"], row["element"]): (float(row["importance"]), float(row["level"])) for row in store.rows("levels")
    }
    total = weights = 0.0
    for element in skills.elements():
        importance, level = rows[there, element]
        weights += importance - 1
        total += (importance - 1) * max(0.0, level - rows[here, element][1])
    assert skills.shortfall(here, there) == pytest.approx(total / weights)


def _merits(each: Transition) -> tuple[float, float, float]:
    return each.feasibility, each.growth, -1.0 if each.risk is None else -each.risk
