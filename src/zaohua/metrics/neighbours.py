"""Who lies near whom: whether generated samples are good, whether they are varied, and whether they are copies.

All compare every sample with every other, a chunk of rows at a time, so that memory stays at some 64 MB.
"""

from collections.abc import Callable, Iterator

import numpy as np

NEIGHBOURS = 5  # of prdc's authors
_CHUNK = 1 << 23  # distances in memory at once


def precision_recall_density_coverage(
    real: np.ndarray,
    fake: np.ndarray,
    *,
    k: int = NEIGHBOURS,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, float]:
    """Every sample is the centre of a ball that ends at its k-th neighbour of its own kind. [N, D], [M, D], N, M > k

    precision: share of the fakes within a real ball. recall: share of the real samples within a fake ball
    (Kynkäänniemi et al. 2019, arXiv:1904.06991). density: real balls that a fake lies in, over k, which a single
    outlier does not raise; may pass 1. coverage: share of the real balls with a fake in them (Naeem et al. 2020,
    arXiv:2002.09797). on_progress: called with rows done and all rows.
    """
    real, fake = _centred(real, fake)
    total = 2 * len(real) + len(fake)
    real_radii = _radii(real, k, lambda done: on_progress(done, total))
    fake_radii = _radii(fake, k, lambda done: on_progress(len(real) + done, total))
    inside = np.zeros(len(fake), dtype=np.int64)  # real balls that each fake lies in
    recalled, covered = np.zeros(len(real), dtype=bool), np.zeros(len(real), dtype=bool)
    for rows, squares in _squares(real, fake):
        within = squares < real_radii[rows, None]
        inside += within.sum(0)
        covered[rows] = within.any(1)
        recalled[rows] = (squares < fake_radii).any(1)
        on_progress(len(real) + len(fake) + rows.stop, total)
    return {
        "precision": float((inside > 0).mean()),
        "recall": float(recalled.mean()),
        "density": float(inside.mean() / k),
        "coverage": float(covered.mean()),
    }


def nearest(samples: np.ndarray, among: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The nearest of `among` to each sample: its distance [N] and its number [N]. [N, D], [M, D]"""
    samples, among = _centred(samples, among)
    distances, numbers = np.empty(len(samples)), np.empty(len(samples), dtype=np.int64)
    for rows, squares in _squares(samples, among):
        numbers[rows] = squares.argmin(1)
        distances[rows] = np.sqrt(squares.min(1))
    return distances, numbers


def nearer_than_held_out(fake: np.ndarray, held_out: np.ndarray, *, chance: float = 0.01) -> float:
    """Share of the fakes that lie as near to a training sample as only `chance` of unseen real samples do: a multiple
    of `chance` means that training samples are repeated. fake, held_out: distances to the nearest training sample."""
    return float((fake < np.quantile(held_out, chance)).mean())


def _centred(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """float64 about a common mean: the same distances, with fewer digits lost in the differences of large squares."""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    middle = b.mean(0)
    return a - middle, b - middle


def _squares(a: np.ndarray, b: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Squared distances of some rows of a to all of b, chunk by chunk."""
    lengths = np.square(b).sum(1)
    step = max(1, _CHUNK // len(b))
    for start in range(0, len(a), step):
        part = a[start : start + step]
        squares = np.square(part).sum(1)[:, None] + lengths - 2 * (part @ b.T)
        yield slice(start, start + len(part)), np.maximum(squares, 0, out=squares)


def _radii(samples: np.ndarray, k: int, on_progress: Callable[[int], None]) -> np.ndarray:
    """Squared distance of each sample to its k-th neighbour, itself not counted. [N, D] -> [N]"""
    radii = np.empty(len(samples))
    for rows, squares in _squares(samples, samples):
        squares[np.arange(len(squares)), np.arange(rows.start, rows.stop)] = np.inf
        radii[rows] = np.partition(squares, k - 1, axis=1)[:, k - 1]
        on_progress(rows.stop)
    return radii
