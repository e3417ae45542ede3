"""How well numbers were told."""

import numpy as np


def number_scores(wanted: np.ndarray, given: np.ndarray) -> dict[str, float]:
    """mae, rmse and r2, the share of the variance that is explained: 1 is exact, 0 as good as the mean of `wanted`.

    float [N], float [N]. r2 of numbers that are all alike is 0.
    """
    errors = given - wanted
    variance = float(np.square(wanted - wanted.mean()).sum())
    explained = 1 - float(np.square(errors).sum()) / variance if variance > 0 else 0.0
    return {
        "mae": float(np.abs(errors).mean()),
        "rmse": float(np.sqrt(np.square(errors).mean())),
        "r2": explained,
    }
