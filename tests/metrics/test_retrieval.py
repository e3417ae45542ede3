"""Ranks by hand, and ties against us."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.metrics.retrieval import best_ranks, retrieval_scores


@given(st.integers(1, 6), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_ranks_are_those_of_sorting(questions, answers, seed):
    draw = np.random.default_rng(seed)
    similarity = draw.integers(0, 4, (questions, answers)) / 4  # with ties
    right = draw.random((questions, answers)) < 0.3
    right[np.arange(questions), draw.integers(0, answers, questions)] = True
    expected = []
    for scores, answer in zip(similarity, right, strict=True):
        order = sorted(range(answers), key=lambda i: (-scores[i], answer[i]))  # the wrong one of a tie first
        expected.append(1 + sum(not answer[i] for i in order[: next(n for n, i in enumerate(order) if answer[i])]))
    assert best_ranks(similarity, right).tolist() == expected
    found = retrieval_scores(similarity, right)
    assert found["mrr"] == pytest.approx(np.mean([1 / rank for rank in expected]))
    assert found["recall_at_1"] == pytest.approx(np.mean([rank == 1 for rank in expected]))
