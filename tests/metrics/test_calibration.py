"""The calibration error is what its definition says."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from zaohua.metrics.calibration import calibration_error


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(2, 5), st.integers(1, 20))
def test_it_is_the_mean_gap_over_the_bins(seed, count, classes, bins):
    draw = np.random.default_rng(seed)
    probabilities = draw.dirichlet(np.ones(classes), count)
    labels = draw.integers(0, classes, count)
    gap = 0.0
    for number in range(bins):
        inside = [
            (row.max(), row.argmax() == label)
            for row, label in zip(probabilities, labels, strict=True)
            if number / bins < row.max() <= (number + 1) / bins
        ]
        if inside:
            confidence, right = np.mean(inside, axis=0)
            gap += len(inside) / count * abs(right - confidence)
    assert np.isclose(calibration_error(probabilities, labels, bins), gap)


def test_certain_and_right_is_perfect_certain_and_wrong_is_the_worst():
    certain = np.eye(3)
    assert calibration_error(certain, np.arange(3)) == 0
    assert calibration_error(certain, np.array([1, 2, 0])) == 1
