"""What keeps a discriminator from growing steep: penalties on its slope, clipped weights, normed matrices."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

Scores = Callable[[Tensor], Tensor]  # samples [B, ...] -> what the discriminator says of each, [B]


def slope(scores: Tensor, samples: Tensor) -> Tensor:
    """‖∇D(x)‖² of every sample, [B], itself to be differentiated. samples [B, ...] must require gradients."""
    (gradient,) = torch.autograd.grad(scores.sum(), samples, create_graph=True)
    return gradient.flatten(1).square().sum(1)


def estimated_slope(score: Scores, scores: Tensor, samples: Tensor, noise: Tensor, distance: float = 0.01) -> Tensor:
    """‖∇D(x)‖² of every sample from one more look beside it, in expectation over the noise: ((D(x + σε) - D(x)) / σ)².

    scores: D(x) [B]; noise: ε, standard normal, shaped like the samples; distance: σ. Without a derivative of a
    derivative it goes through torch.compile and sharding. A penalty λ (D(x + σε) - D(x))² is γ/2 ‖∇D‖² with γ = 2 λ σ².
    """
    return ((score(samples + distance * noise) - scores) / distance).square()


def gradient_penalty(score: Scores, real: Tensor, fake: Tensor, share: Tensor) -> Tensor:
    """(‖∇D(x̂)‖ - 1)² of every sample, [B], x̂ on the line between a real and a fake one.

    Gulrajani et al. 2017 (arXiv:1704.00028), eq. 3. share: uniform in (0, 1), [B], of the real one.
    """
    share = share.view(-1, *(1,) * (real.ndim - 1))
    between = (share * real + (1 - share) * fake).detach().requires_grad_()
    return (slope(score(between), between).clamp_min(1e-24).sqrt() - 1).square()  # √ has no derivative at 0


@torch.no_grad()
def clip_weights(module: nn.Module, limit: float) -> None:
    """Force every weight into [-limit, limit] (Arjovsky et al. 2017, arXiv:1701.07875, algorithm 1)."""
    for parameter in module.parameters():
        parameter.clamp_(-limit, limit)


def norm_spectrally(module: nn.Module) -> nn.Module:
    """Divide every matrix and kernel inside by its largest singular value, found by power iteration as it is used.

    Miyato et al. 2018 (arXiv:1802.05957). Returns the module, changed in place.
    """
    for part in list(module.modules()):
        if isinstance(part, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d | nn.Embedding):
            parametrizations.spectral_norm(part)
    return module
