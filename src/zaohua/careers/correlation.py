"""Ranks and correlations of columns that have gaps."""

from collections.abc import Mapping

import numpy as np


def ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1, the mean rank for equal values."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse]


def spearman(one: Mapping[str, float], other: Mapping[str, float]) -> tuple[float, int]:
    """(ρ, n): Spearman's rank correlation over the keys that both have; NaN below three keys or without variation."""
    keys = [key for key in one if key in other]
    if len(keys) < 3:
        return float("nan"), len(keys)
    x, y = (ranks(np.array([column[key] for key in keys])) for column in (one, other))
    if x.std() == 0 or y.std() == 0:
        return float("nan"), len(keys)
    return float(np.corrcoef(x, y)[0, 1]), len(keys)


def percentile(value: float, column: Mapping[str, float]) -> int:
    """How many of a hundred values of `column` lie below `value`, equal ones counted half."""
    values = np.fromiter(column.values(), dtype=float)
    return round(100 * float((values < value).mean() + (values == value).mean() / 2))
