"""Ranks and their correlation, beside scipy's."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from zaohua.metrics.ranks import rank_correlation, ranks

columns = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=30)


@given(columns)
def test_equal_values_share_their_mean_rank(pairs):
    values = np.array(pairs)[:, 0]
    np.testing.assert_array_equal(ranks(values), stats.rankdata(values))


@given(columns)
def test_the_correlation_is_spearmans(pairs):
    one, other = np.array(pairs).T
    if len(set(one)) > 1 and len(set(other)) > 1:
        assert np.isclose(rank_correlation(one, other), stats.spearmanr(one, other).statistic)
    else:
        assert np.isnan(rank_correlation(one, other))
