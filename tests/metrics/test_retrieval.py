"""Ranks by hand, and ties against us."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.metrics.retrieval import best_ranks, cross_modal_scores, mean_average_precision, retrieval_scores


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


MATRICES = st.tuples(st.integers(1, 6), st.integers(1, 9), st.integers(0, 2**32 - 1))


def drawn(shape, *, ties):
    questions, answers, seed = shape
    draw = np.random.default_rng(seed)
    similarity = draw.integers(0, 3, (questions, answers)) / 3 if ties else draw.random((questions, answers))
    return similarity, draw.random((questions, answers)) < 0.3, draw


@given(MATRICES)
def test_average_precision_is_scikit_learn_s(shape):
    metrics = pytest.importorskip("sklearn.metrics")
    similarity, right, _ = drawn(shape, ties=False)
    right[:, 0] = True
    each = [metrics.average_precision_score(answer, scores) for scores, answer in zip(similarity, right, strict=True)]
    assert mean_average_precision(similarity, right) == pytest.approx(np.mean(each))


@given(MATRICES)
def test_ties_are_broken_against_us_whatever_the_order(shape):
    similarity, right, draw = drawn(shape, ties=True)
    right[:, 0] = True
    found = cross_modal_scores(similarity, right)
    order = draw.permutation(similarity.shape[1])
    assert cross_modal_scores(similarity[:, order], right[:, order]) == pytest.approx(found)
    worst = similarity - 1e-6 * right  # wrong answers a little better wherever they tied
    assert cross_modal_scores(worst, right) == pytest.approx(found)


@given(MATRICES)
def test_questions_without_an_answer_are_left_out(shape):
    similarity, right, _ = drawn(shape, ties=True)
    asked = right.any(1)
    if not asked.any():
        with pytest.raises(ValueError, match="right answer"):
            cross_modal_scores(similarity, right)
        return
    assert cross_modal_scores(similarity, right) == cross_modal_scores(similarity[asked], right[asked])


def test_several_captions_of_several_pictures():
    # Two pictures, three captions; the first picture has two of them, and its worse one is second.
    similarity = np.array([[0.9, 0.2, 0.5], [0.8, 0.1, 0.4]])
    right = np.array([[True, False, True], [False, True, False]])
    found = cross_modal_scores(similarity, right)
    assert found["recall_at_1"] == 0.5
    assert found["recall_at_5"] == 1.0
    assert found["median_rank"] == 2.0  # of 1 and 3
    assert found["mean_average_precision"] == pytest.approx((1 + 1 / 3) / 2)
