"""Correlations and percentiles, against scipy."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from zaohua.careers.correlation import percentile, spearman

NUMBERS = st.lists(st.integers(-5, 5), min_size=3, max_size=20)


@given(NUMBERS, st.randoms(use_true_random=False))
def test_spearman(values: list[int], random: object) -> None:
    other = [random.randint(-5, 5) for _ in values]  # type: ignore[attr-defined]
    rho, n = spearman(dict(enumerate(values)), dict(enumerate(other)) | {99: 1.0})
    assert n == len(values)
    if len(set(values)) > 1 and len(set(other)) > 1:
        assert rho == pytest.approx(stats.spearmanr(values, other).statistic)
    else:
        assert math.isnan(rho)


@given(NUMBERS, st.integers(-6, 6))
def test_percentile(values: list[int], value: int) -> None:
    wanted = stats.percentileofscore(values, value, kind="mean")
    assert percentile(value, dict(enumerate(values))) == pytest.approx(wanted, abs=0.5 + 1e-9)
