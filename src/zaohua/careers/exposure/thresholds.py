"""From probabilities to words and intervals: likely, uncertain, unlikely; conformal sets; the spread of errors."""

from collections.abc import Sequence

import numpy as np

SURE = 0.9  # of ten tasks called likely (or unlikely), nine are so to the raters
MISS = 0.1  # of conformal sets


def zones(exposed: np.ndarray, labels: Sequence[np.ndarray]) -> tuple[float, float]:
    """(lower, upper): at and above upper, `SURE` of the raters' labels are exposed; at and below lower, not exposed.

    exposed: probabilities [N]; labels: true where a rater says exposed, [N] each.
    """
    share = np.mean([np.asarray(label, float) for label in labels], axis=0)
    order = np.argsort(-exposed, kind="stable")
    down, up = share[order], share[order[::-1]]
    count = np.arange(1, len(order) + 1)
    sure = np.flatnonzero(np.cumsum(down) / count >= SURE)
    free = np.flatnonzero(np.cumsum(1 - up) / count >= SURE)
    upper = float(exposed[order[sure[-1]]]) if len(sure) else 1.0
    lower = float(exposed[order[::-1][free[-1]]]) if len(free) else 0.0
    return min(lower, upper), upper


def conformal(probabilities: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> float:
    """Quantile q of 1 - P(label): {label: P >= 1 - q} holds a label of a new group 1 - MISS of the time.

    Every group counts once, so that large occupations do not decide (Dunn, Wasserman and Ramdas 2023, pooled form).
    """
    lost = 1 - probabilities[np.arange(len(labels)), labels]
    _, place, count = np.unique(groups, return_inverse=True, return_counts=True)
    weight = 1 / count[place]
    order = np.argsort(lost, kind="stable")
    reached = np.cumsum(weight[order]) / (weight.sum() + 1)
    return float(lost[order[min(int(np.searchsorted(reached, 1 - MISS)), len(order) - 1)]])


def spread(errors: np.ndarray, occupations: np.ndarray, majors: np.ndarray) -> dict[str, float]:
    """Standard deviations of label - score: shared within a major group, shared within an occupation, and of a task.

    By moments: the mean product of errors of two different tasks of a group estimates the variance they share.
    """
    wide, narrow = _shared(errors, majors), _shared(errors, occupations)
    wide = min(wide, narrow)
    return {
        "major": float(np.sqrt(wide)),
        "occupation": float(np.sqrt(narrow - wide)),
        "task": float(np.sqrt(max(errors.var() - narrow, 0.0))),
    }


def _shared(errors: np.ndarray, groups: np.ndarray) -> float:
    _, place, count = np.unique(groups, return_inverse=True, return_counts=True)
    sums, squares = np.bincount(place, errors), np.bincount(place, errors**2)
    pairs = count * (count - 1)
    return max(float((sums**2 - squares).sum() / pairs.sum()), 0.0)
