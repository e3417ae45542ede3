"""How many of the things that should be made are made at all, and how evenly.

Stacked MNIST is the usual trial of it: three digits in the three colour channels, 1,000 modes (Metz et al. 2017,
arXiv:1611.02163); 26,000 samples are drawn.
"""

import numpy as np

STACKED_MODES = 1000
STACKED_SAMPLES = 26_000  # of Srivastava et al. 2017 (arXiv:1705.07761), and of all since


def stacked_numbers(digits: np.ndarray) -> np.ndarray:
    """The mode of each picture from the digits in its three channels. int [N, 3] -> int64 [N] in 0 … 999"""
    return np.asarray(digits, dtype=np.int64) @ np.array([100, 10, 1])


def mode_scores(given: np.ndarray, modes: int) -> dict[str, float]:
    """modes: how many occur at all. kl: KL(how often each occurs ‖ evenly), nats; 0 is even, log(modes) a single one.
    given: int [N] in 0 … modes - 1"""
    counts = np.bincount(given, minlength=modes)
    share = counts[counts > 0] / counts.sum()
    return {"modes": int((counts > 0).sum()), "kl": float((share * np.log(share * modes)).sum())}


def even_kl(samples: int, modes: int) -> float:
    """What kl falls to if every mode is as likely: about (modes - 1) / (2 · samples), for samples well above modes."""
    return (modes - 1) / (2 * samples)
