"""Correlations and places in columns that have gaps."""

from collections.abc import Mapping

import numpy as np

from zaohua.metrics.ranks import rank_correlation


def spearman(one: Mapping[str, float], other: Mapping[str, float]) -> tuple[float, int]:
    """(ρ, n): Spearman's rank correlation over the keys that both have; NaN below three keys or without variation."""
    keys = [key for key in one if key in other]
    x, y = (np.array([column[key] for key in keys]) for column in (one, other))
    return rank_correlation(x, y), len(keys)


def percentile(value: float, column: Mapping[str, float]) -> int:
    """How many of a hundred values of `column` lie below `value`, equal ones counted half."""
    values = np.fromiter(column.values(), dtype=float)
    return round(100 * float((values < value).mean() + (values == value).mean() / 2))
