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
