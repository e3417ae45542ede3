"""How well the right text is found among many."""

import numpy as np


def best_ranks(similarity: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Place, from 1, of the best right answer to each question; wrong answers that are as similar stand before it.

    similarity: [N, M]; right: bool [N, M], at least one in every row. int64 [N]
    """
    best = np.where(right, similarity, -np.inf).max(1, keepdims=True)
    return 1 + ((similarity >= best) & ~right).sum(1)


def retrieval_scores(similarity: np.ndarray, right: np.ndarray) -> dict[str, float]:
    """recall_at_1, recall_at_10: share of the questions with a right answer among the first 1 or 10. mrr: mean of one
    over the place of the best right answer (Voorhees 1999, TREC-8 question answering track)."""
    ranks = best_ranks(similarity, right)
    return {
        "recall_at_1": float((ranks <= 1).mean()),
        "recall_at_10": float((ranks <= 10).mean()),
        "mrr": float((1 / ranks).mean()),
    }


def mean_average_precision(similarity: np.ndarray, right: np.ndarray) -> float:
    """Mean over the questions of average precision: for each right answer, the share of right ones up to its place.

    Where similarities tie, wrong answers stand first, so that the result does not depend on any order.
    similarity: [N, M]; right: bool [N, M], at least one in every row.
    """
    order = np.lexsort((right, -similarity))  # by similarity, and of equals the wrong first
    hits = np.take_along_axis(right, order, 1)
    precision = hits.cumsum(1) / np.arange(1, hits.shape[1] + 1)
    return float(((precision * hits).sum(1) / hits.sum(1)).mean())


def cross_modal_scores(similarity: np.ndarray, right: np.ndarray) -> dict[str, float]:
    """What is reported of finding pictures by captions and the other way round, where a question may have several right
    answers: recall_at_1, _5 and _10, the share of questions with one among the first so many; median_rank of the best
    one; mean_average_precision. Questions without a right answer are left out.

    similarity: [N, M], a row a question; right: bool [N, M]. Raises ValueError if no question has a right answer.
    """
    asked = right.any(1)
    if not asked.any():
        raise ValueError("no question has a right answer")
    similarity, right = similarity[asked], right[asked]
    ranks = best_ranks(similarity, right)
    return {
        **{f"recall_at_{k}": float((ranks <= k).mean()) for k in (1, 5, 10)},
        "median_rank": float(np.median(ranks)),
        "mean_average_precision": mean_average_precision(similarity, right),
    }
