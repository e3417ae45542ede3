"""Parts of the compiled code by themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")
from numba import njit

from zaohua.language.engine import kernels, parts
from zaohua.language.engine.team import Team, team


@njit(nogil=True)
def meet_once(counter, team):
    kernels.meet(counter, team)


@given(st.floats(-87, 0, width=32))
def test_exp_is_right_to_two_units_of_the_last_place(x):
    assert abs(parts.exp(np.float32(x)) / np.exp(np.float64(np.float32(x))) - 1) < 2**-22


def test_exp_far_below_and_of_no_number():
    assert 0 <= parts.exp(np.float32(-1e30)) < 1e-37
    assert np.isnan(parts.exp(np.float32(np.nan)))


@given(count=st.integers(0, 100), team=st.integers(1, 9))
def test_shares_are_all_of_it_and_about_equal(count, team):
    parts = [list(kernels.share.py_func(count, rank, team)) for rank in range(team)]
    assert [place for part in parts for place in part] == list(range(count))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_an_interrupted_team_dissolves_and_another_takes_its_place():
    """As by Ctrl-C, when the others have begun and wait for who will not come."""

    def task(rank: int, size: int, counter: np.ndarray) -> None:
        if rank == 0:
            raise KeyboardInterrupt
        meet_once(counter, size)
        meet_once(counter, size)

    before = team(3)
    with pytest.raises(KeyboardInterrupt):
        before.run(task)
    assert not any(thread.is_alive() for thread in before._threads)
    for one in (team(3), before):  # who held on to the old one is served by the new
        begun = np.zeros(3, np.int64)
        one.run(lambda rank, size, counter, begun=begun: (begun.__setitem__(rank, 1), meet_once(counter, size)))
        assert begun.all()


def test_a_team_meets_and_goes_on():
    """More threads than cores, many tasks: nobody is ahead of a meeting."""
    team, seen = Team(4), []

    def task(rank: int, size: int, counter: np.ndarray) -> None:
        begun[rank] += 1
        meet_once(counter, size)
        seen.append(begun.min())
        meet_once(counter, size)

    begun = np.zeros(4, np.int64)
    for _ in range(50):
        team.run(task)
    assert seen == [1 + place // 4 for place in range(200)]
