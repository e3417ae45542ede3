"""The adversarial losses (seed §4.2), each as its pair of formulas.

real, fake: what the discriminator says of real and of generated samples, [B] each and without a last function: D below
is σ(·) of it where a formula wants a probability. Every loss returns what the discriminator and what the generator
minimises, means over the batch. weights: factors of the real and the fake term of the discriminator's loss, whose
weighted sum it is (seed §3.2).
"""

from collections.abc import Callable
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor

Weights = tuple[float, float]
_EVEN = (1.0, 1.0)


class Losses(NamedTuple):
    """What each side minimises; scalars."""

    discriminator: Tensor
    generator: Tensor


def non_saturating(real: Tensor, fake: Tensor, weights: Weights = _EVEN) -> Losses:
    """Cross-entropy: L_D = -E[log D(x)] - E[log(1 - D(G(z)))], L_G = -E[log D(G(z))].

    Goodfellow et al. 2014 (arXiv:1406.2661), §3: this generator loss keeps its gradient where D is sure.
    """
    return Losses(_cross_entropy(real, fake, weights), F.softplus(-fake).mean())


def minimax(real: Tensor, fake: Tensor, weights: Weights = _EVEN) -> Losses:
    """Cross-entropy as a game with one value: the same L_D, and L_G = E[log(1 - D(G(z)))] (the same paper, eq. 1)."""
    return Losses(_cross_entropy(real, fake, weights), -F.softplus(fake).mean())


def least_squares(real: Tensor, fake: Tensor, weights: Weights = _EVEN) -> Losses:
    """L_D = ½ E[(D(x) - 1)²] + ½ E[D(G(z))²], L_G = ½ E[(D(G(z)) - 1)²], D being the number itself.

    Mao et al. 2017 (arXiv:1611.04076), eq. 9.
    """
    on_real, on_fake = weights
    discriminator = on_real * (real - 1).square().mean() / 2 + on_fake * fake.square().mean() / 2
    return Losses(discriminator, (fake - 1).square().mean() / 2)


def wasserstein(real: Tensor, fake: Tensor, weights: Weights = _EVEN) -> Losses:
    """L_D = -E[D(x)] + E[D(G(z))], L_G = -E[D(G(z))], D being the number itself and, by clipping or a penalty, steep
    nowhere (Arjovsky et al. 2017, arXiv:1701.07875)."""
    on_real, on_fake = weights
    return Losses(on_fake * fake.mean() - on_real * real.mean(), -fake.mean())


def hinge(real: Tensor, fake: Tensor, weights: Weights = _EVEN) -> Losses:
    """L_D = E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))], L_G = -E[D(G(z))], D being the number itself.

    Lim and Ye 2017 (arXiv:1705.02894).
    """
    on_real, on_fake = weights
    return Losses(on_real * F.relu(1 - real).mean() + on_fake * F.relu(1 + fake).mean(), -fake.mean())


def relativistic(real: Tensor, fake: Tensor, weights: Weights = _EVEN) -> Losses:
    """L_D = E[f(D(G(z)) - D(x))], L_G = E[f(D(x) - D(G(z)))] with f(t) = log(1 + eᵗ): which of a pair is the real one?

    Jolicoeur-Martineau 2018 (arXiv:1807.00734), as Huang et al. 2024 train it (arXiv:2501.05441). The pair has one
    term: weights scale it together and must be equal, else ValueError.
    """
    on_real, on_fake = weights
    if on_real != on_fake:
        raise ValueError("a relativistic loss has no real and fake term of their own to weigh")
    margin = real - fake
    return Losses(on_real * F.softplus(-margin).mean(), F.softplus(margin).mean())


def _cross_entropy(real: Tensor, fake: Tensor, weights: Weights) -> Tensor:
    on_real, on_fake = weights
    return on_real * F.softplus(-real).mean() + on_fake * F.softplus(fake).mean()


Loss = Callable[[Tensor, Tensor, Weights], Losses]
LOSSES: dict[str, Loss] = {
    loss.__name__: loss for loss in (non_saturating, minimax, least_squares, wasserstein, hinge, relativistic)
}
"""The name in a recipe -> the loss."""
