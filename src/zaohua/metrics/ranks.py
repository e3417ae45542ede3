"""Ranks, and how well two orders agree."""

import numpy as np


def ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1, the mean rank for equal values. [N] -> float [N]"""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse]


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's ρ of two columns, [N] each; NaN below three rows or without variation."""
    x, y = ranks(one), ranks(other)
    if len(x) < 3 or x.std() == 0 or y.std() == 0:
        return float("nan")
    return float(np.corrcoef(x, y)[0, 1])
