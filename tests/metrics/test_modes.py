"""Modes that are made, and how evenly."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.metrics.modes import STACKED_MODES, STACKED_SAMPLES, even_kl, mode_scores, stacked_numbers


@given(st.lists(st.integers(0, 6), min_size=1, max_size=50))
def test_modes_and_divergence_are_their_definitions(given_):
    found = mode_scores(np.array(given_), 7)
    assert found["modes"] == len(set(given_))
    shares = [given_.count(mode) / len(given_) for mode in range(7)]
    assert found["kl"] == pytest.approx(sum(p * math.log(p / (1 / 7)) for p in shares if p), abs=1e-12)


def test_a_single_mode_and_all_of_them():
    assert mode_scores(np.zeros(10, dtype=int), 1000) == {"modes": 1, "kl": pytest.approx(math.log(1000))}
    assert mode_scores(np.arange(1000), 1000) == {"modes": 1000, "kl": pytest.approx(0, abs=1e-12)}


def test_even_draws_score_what_is_said_of_them():
    draw = np.random.default_rng(0)
    found = mode_scores(draw.integers(0, STACKED_MODES, STACKED_SAMPLES), STACKED_MODES)
    assert found["modes"] == STACKED_MODES
    assert found["kl"] == pytest.approx(even_kl(STACKED_SAMPLES, STACKED_MODES), rel=0.15)


def test_digits_are_read_as_a_number():
    assert stacked_numbers(np.array([[0, 0, 7], [9, 8, 1], [0, 4, 0]])).tolist() == [7, 981, 40]
