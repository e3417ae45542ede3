"""Distances between two sets of pictures, sounds or clips, each seen as a cloud of features.

None of them means anything without the extractor of the features and the number of samples beside it: name both, and
print what real samples score against other real samples.
"""

from dataclasses import dataclass

import numpy as np

BLOCKS, BLOCK = 100, 1000  # what kernel distances are usually reported with


@dataclass(frozen=True)
class Moments:
    """A Gaussian fitted to features: mean [D], and a root [R, D] of the covariance, rootᵀ · root, with R ≤ D."""

    mean: np.ndarray
    root: np.ndarray


def moments(features: np.ndarray) -> Moments:
    """Of features [N, D], N at least 2; the covariance divides by N - 1."""
    features = np.asarray(features, dtype=np.float64)
    mean = features.mean(0)
    return Moments(mean, np.linalg.qr(features - mean, mode="r") / np.sqrt(len(features) - 1))


def frechet_distance(a: Moments, b: Moments) -> float:
    """|μ₁ - μ₂|² + tr(Σ₁ + Σ₂ - 2 (Σ₁ Σ₂)^½), the squared Fréchet distance of two Gaussians (Dowson and Landau 1982),
    as Heusel et al. 2017 (arXiv:1706.08500) score pictures. It falls as samples are added: compare equal numbers.

    The trace of the root is the sum of the singular values of A₁ · A₂ᵀ with Σ = Aᵀ A. Unlike a root of the product this
    stays real and accurate where a covariance is singular, as with fewer samples than features.
    """
    between = np.linalg.svd(a.root @ b.root.T, compute_uv=False).sum()
    squares = np.square(a.mean - b.mean).sum() + np.square(a.root).sum() + np.square(b.root).sum()
    return max(0.0, float(squares - 2 * between))


def kernel_distance(
    a: np.ndarray, b: np.ndarray, *, block: int = BLOCK, blocks: int = BLOCKS, seed: int = 0
) -> tuple[float, float]:
    """Squared maximum mean discrepancy with the kernel (x·y / D + 1)³, unbiased, so that it may fall below 0 and needs
    no large number of samples (Binkowski et al. 2018, arXiv:1801.01401). [N, D], [M, D], both at least 2 rows

    Returns the mean over `blocks` random blocks of `block` samples of each, and their standard deviation. Sets smaller
    than a block are taken whole.
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    block = min(block, len(a), len(b))
    draw = np.random.default_rng(seed)
    found = [
        _discrepancy(a[draw.permutation(len(a))[:block]], b[draw.permutation(len(b))[:block]])
        for _ in range(1 if block == len(a) == len(b) else blocks)
    ]
    return float(np.mean(found)), float(np.std(found))


def _discrepancy(a: np.ndarray, b: np.ndarray) -> float:
    """Of two sets of equal size: within each, a sample is not compared with itself."""
    count = len(a)

    def within(x: np.ndarray) -> float:
        kernel = _kernel(x, x)
        return (kernel.sum() - kernel.trace()) / (count * (count - 1))

    return float(within(a) + within(b) - 2 * _kernel(a, b).mean())


def _kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    product = a @ b.T / a.shape[1] + 1
    return product * product * product


def inception_style_score(probabilities: np.ndarray, *, splits: int = 10) -> tuple[float, float]:
    """exp of the mean KL(p(y|x) ‖ p(y)): how sure a classifier is of each sample and how evenly it spreads them all,
    from 1 to the number of classes (Salimans et al. 2016, arXiv:1606.03498). [N, classes]

    Returns mean and standard deviation over `splits` consecutive parts of equal size, fewer where there are not
    enough samples. Samples sorted by class would be spread unevenly: mix them first.
    """
    scores = []
    for part in np.array_split(np.asarray(probabilities, dtype=np.float64), min(splits, len(probabilities))):
        logs = np.log(np.maximum(part, np.finfo(np.float64).tiny)) - np.log(part.mean(0) + np.finfo(np.float64).tiny)
        scores.append(np.exp((part * logs).sum(1).mean()))
    return float(np.mean(scores)), float(np.std(scores))
