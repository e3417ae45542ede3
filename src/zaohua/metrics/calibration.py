"""Whether probabilities mean what they say."""

import numpy as np


def calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = 15) -> float:
    """Σ_b |B_b| / N · |accuracy(B_b) − confidence(B_b)| over `bins` equal ranges of the largest probability.

    The expected calibration error of Naeini et al. 2015 in the form of Guo et al. 2017 (arXiv:1706.04599, eq. 3).
    probabilities: [N, L]; labels: int [N].
    """
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    ranges = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(ranges, weights=right - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))
