"""Scores of a table of who was taken for whom, beside scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.metrics.classification import confusion_matrix, sorted_scores

sklearn_metrics = pytest.importorskip("sklearn.metrics")


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60))
def test_scores_are_scikit_learn_s(pairs):
    wanted, given_ = (np.array(side) for side in zip(*pairs, strict=True))
    table = confusion_matrix(wanted, given_, 4)
    assert (table == sklearn_metrics.confusion_matrix(wanted, given_, labels=range(4))).all()
    found = sorted_scores(table)
    assert found["accuracy"] == pytest.approx(sklearn_metrics.accuracy_score(wanted, given_))
    f1 = sklearn_metrics.f1_score(wanted, given_, average="macro", zero_division=0)
    assert found["macro_f1"] == pytest.approx(f1)
