"""How well texts were sorted: everything follows from the table of who was taken for whom."""

import numpy as np


def confusion_matrix(wanted: np.ndarray, given: np.ndarray, labels: int) -> np.ndarray:
    """How often a text of each label (row) was given each label (column). int64 [N], int64 [N] -> int64 [L, L]"""
    return np.bincount(wanted * labels + given, minlength=labels * labels).reshape(labels, labels)


def accuracy(confusion: np.ndarray) -> float:
    """Share of the texts that were given their label."""
    return float(confusion.trace() / confusion.sum())


def macro_f1(confusion: np.ndarray) -> float:
    """Mean of F1 = 2 tp / (2 tp + fp + fn) over the labels that occur or were given, as scikit-learn takes it."""
    right = confusion.diagonal()
    either = confusion.sum(0) + confusion.sum(1)
    return float(np.mean(2 * right[either > 0] / either[either > 0]))


def sorted_scores(confusion: np.ndarray) -> dict[str, float]:
    """accuracy and macro_f1."""
    return {"accuracy": accuracy(confusion), "macro_f1": macro_f1(confusion)}
