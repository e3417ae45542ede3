"""Differentiable augmentation: the discriminator sees real and generated pictures through the same distortions.

Zhao et al. 2020 (arXiv:2006.10738). With few pictures a discriminator learns them by heart; distorted anew each time
they cannot be, and because the distortions have a gradient the generator is not taught to draw them. All of a
sample's distortions follow from its key, so that a batch is the same however it is cut.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from zaohua.seeding import uniform

_SHIFT, _HOLE = 1 / 8, 1 / 2  # of the side: how far a picture moves at most, and the side of what is cut out
_FLIP, _WHETHER, _WHERE = 0, 1, 2  # sites of randomness


def flip(x: Tensor, keys: Tensor) -> Tensor:
    """Half of the pictures in a mirror. x: [B, C, H, W]; keys: int32 [B]"""
    mirrored = uniform(keys, 1, _FLIP)[:, 0] < 0.5
    return torch.where(mirrored[:, None, None, None], x.flip(-1), x)


def augment(x: Tensor, keys: Tensor, strength: float | Tensor) -> Tensor:
    """Every picture, with the probability `strength` for each: moved by up to an eighth, a square cut out of half its
    side. x: [B, C, H, W]; keys: int32 [B]; what moves in and what is cut out is 0."""
    side = x.shape[-1]
    apply = uniform(keys, 2, _WHETHER) < strength  # [B, 2]
    place = uniform(keys, 4, _WHERE)  # [B, 4] in (0, 1)
    reach = round(_SHIFT * side)
    shift = torch.floor(place[:, :2] * (2 * reach + 1)).long() - reach  # [B, 2] down, right
    x = _moved(x, torch.where(apply[:, :1], shift, 0), reach)
    corner = torch.floor(place[:, 2:] * (side + 1)) - side * _HOLE / 2  # [B, 2]
    rows, columns = (torch.arange(side, device=x.device) - corner[:, i, None] for i in (0, 1))  # [B, H], [B, W]
    inside = [(steps >= 0) & (steps < side * _HOLE) for steps in (rows, columns)]
    hole = inside[0][:, :, None] & inside[1][:, None, :] & apply[:, 1, None, None]
    return x * (~hole)[:, None]


def _moved(x: Tensor, shift: Tensor, reach: int) -> Tensor:
    """Every picture moved by its own whole number of rows and columns. shift: [B, 2]"""
    padded = F.pad(x, (reach,) * 4)
    rows, columns = (torch.arange(x.shape[-2 + i], device=x.device) + reach - shift[:, i, None] for i in (0, 1))
    batch = torch.arange(len(x), device=x.device)[:, None, None]
    return padded.permute(0, 2, 3, 1)[batch, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
