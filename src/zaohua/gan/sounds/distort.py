"""What the discriminator hears sounds through: moved in time, with gaps in time and in frequency.

With few sounds a discriminator learns them by heart. Moved in time at random, as WaveGAN's phase shuffle does inside
the network, and with stripes cut out, as SpecAugment (Park et al. 2019, arXiv:1904.08779) trains recognisers, they
cannot be. All of a sample's distortions follow from its key, and they have a gradient.
"""

import torch
from torch import Tensor

from zaohua.seeding import uniform

_SHIFT, _GAP = 1 / 8, 1 / 4  # of the length: how far a sound moves at most, and how long a gap is
_WHETHER, _WHERE = 0, 1  # sites of randomness


def distort(x: Tensor, keys: Tensor, strength: float | Tensor, silence: Tensor) -> Tensor:
    """Each of the three with the probability `strength`; what moves in and what is cut out is `silence`.

    x: spectra [B, C, bands, moments] or waves [B, T], which have no bands to cut; keys: int32 [B]; silence: a sample
    without a sound, [C, bands, moments] or [T]
    """
    apply = uniform(keys, 3, _WHETHER) < strength
    place = uniform(keys, 3, _WHERE)
    length = x.shape[-1]
    reach = round(_SHIFT * length)
    shift = torch.where(apply[:, 0], torch.floor(place[:, 0] * (2 * reach + 1)).long() - reach, 0)
    x = _moved(x, shift, silence)
    gap = _gap(length, place[:, 1], apply[:, 1])  # [B, T]
    if x.ndim == 4:
        bands = _gap(x.shape[-2], place[:, 2], apply[:, 2])  # [B, bands]
        gap = gap[:, None, :] | bands[:, :, None]
        gap = gap[:, None]
    return torch.where(gap, silence, x)


def _moved(x: Tensor, shift: Tensor, silence: Tensor) -> Tensor:
    """Every sample later by its own number of places."""
    length = x.shape[-1]
    source = torch.arange(length, device=x.device) - shift[:, None]  # [B, T]
    within = (source >= 0) & (source < length)
    between = (1,) * (x.ndim - 2)
    source, within = (part.view(len(x), *between, length) for part in (source.clamp(0, length - 1), within))
    return torch.where(within, x.gather(-1, source.expand_as(x)), silence)


def _gap(length: int, place: Tensor, apply: Tensor) -> Tensor:
    """Which places lie in a gap of a quarter somewhere, partly outside at the ends. bool [B, length]"""
    first = torch.floor(place * (length + 1)) - length * _GAP / 2
    steps = torch.arange(length, device=place.device) - first[:, None]
    return (steps >= 0) & (steps < length * _GAP) & apply[:, None]
