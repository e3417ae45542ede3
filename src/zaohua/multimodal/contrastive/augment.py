"""Views of the same thing: what differs between them is what a vector should not depend on.

Every view follows from its sample's key, so that a batch is the same however it is cut.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from zaohua.gan.augment import flip
from zaohua.seeding import uniform

_CROP, _COLOUR, _GAIN, _MASK, _DROP = 20, 21, 22, 23, 24  # sites of randomness; flip has its own
_SLACK = 0.1  # of colour: how much one channel may differ from another, as a share of the whole


def picture_views(x: Tensor, keys: Tensor, *, crop: float, colour: float, mirror: bool) -> Tensor:
    """Pictures cropped and recoloured. x: [B, C, H, W] in -1 … 1; keys: int32 [B].

    crop: up to this share of the side is cut away, at a random place, or added by repeating the edge; colour:
    brightness and contrast change by up to this share, single channels by a tenth of it; mirror: half of them flipped.
    """
    if mirror:
        x = flip(x, keys)
    if crop:
        x = _cropped(x, uniform(keys, 3, _CROP), crop)
    if colour:
        change = (2 * uniform(keys, 2 + x.shape[1], _COLOUR) - 1)[..., None, None] * colour  # [B, 2 + C, 1, 1]
        contrast, brightness, channels = change[:, :1], change[:, 1:2], change[:, 2:]
        x = (x * (1 + contrast) + brightness + _SLACK * channels).clamp(-1, 1)
    return x


def spectrum_views(x: Tensor, keys: Tensor, *, gain: float, mask: float) -> Tensor:
    """Log-mel spectra made louder or softer and partly hidden (SpecAugment, Park et al. 2019, arXiv:1904.08779).

    x: [B, T, bands]; gain: largest change; mask: a stretch of up to this share of the times, and one of the bands, is
    set to 0, which is about the mean.
    """
    if gain:
        x = x + gain * (2 * uniform(keys, 1, _GAIN) - 1)[..., None]
    if mask:
        draws = uniform(keys, 4, _MASK)
        for axis, (length, start) in ((1, draws[:, :2].unbind(1)), (2, draws[:, 2:].unbind(1))):
            size = x.shape[axis]
            hidden = mask * size * length
            first = start * (size - hidden)
            places = torch.arange(size, device=x.device)
            inside = (places >= first[:, None]) & (places < (first + hidden)[:, None])  # [B, size]
            x = x.masked_fill(inside.unsqueeze(3 - axis), 0.0)
    return x


def dropped_tokens(texts: list[np.ndarray], keys: Tensor, share: float) -> list[np.ndarray]:
    """Sentences without some of their tokens, each left out with this probability; one stays in any case."""
    if not share or not texts:
        return texts
    lots = uniform(keys, max(map(len, texts)), _DROP).cpu().numpy()
    found = []
    for ids, lot in zip(texts, lots, strict=True):
        own = lot[: len(ids)]
        kept = ids[own >= share]
        found.append(kept if len(kept) or not len(ids) else ids[[int(own.argmax())]])
    return found


def _cropped(x: Tensor, draws: Tensor, most: float) -> Tensor:
    """A window of each picture, between 1 - most and 1 + most / 2 of its side wide. draws: [B, 3] in (0, 1)"""
    size = 1 - most + 1.5 * most * draws[:, 0]
    centre = (2 * draws[:, 1:] - 1) * (1 - size).abs()[:, None]
    theta = torch.zeros(len(x), 2, 3, dtype=x.dtype, device=x.device)
    theta[:, 0, 0] = theta[:, 1, 1] = size
    theta[:, :, 2] = centre
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, padding_mode="border", align_corners=False)
