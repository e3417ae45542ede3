"""Scores of told numbers, beside scikit-learn's."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from zaohua.metrics.regression import number_scores


@given(st.integers(0, 2**32 - 1), st.integers(2, 50))
def test_they_are_those_of_scikit_learn(seed, count):
    draw = np.random.default_rng(seed)
    wanted, given_numbers = draw.normal(3, 10, count), draw.normal(0, 5, count)
    found = number_scores(wanted, given_numbers)
    assert np.isclose(found["mae"], mean_absolute_error(wanted, given_numbers))
    assert np.isclose(found["rmse"], root_mean_squared_error(wanted, given_numbers))
    assert np.isclose(found["r2"], r2_score(wanted, given_numbers))


def test_the_mean_explains_nothing_and_equal_numbers_leave_nothing_to_explain():
    wanted = np.array([1.0, 2.0, 6.0])
    assert abs(number_scores(wanted, np.full(3, 3.0))["r2"]) < 1e-12
    assert number_scores(np.full(3, 2.0), np.full(3, 5.0))["r2"] == 0
