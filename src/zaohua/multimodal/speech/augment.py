"""One recording said otherwise: faster or slower, by a larger or smaller throat, through another microphone, in noise.

All of it on log-mel spectra and by the sample's key, so that a batch is the same however it is cut.
"""

from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from zaohua.recipe import Section
from zaohua.seeding import normal, uniform
from zaohua.training.config import Fraction

_WARP, _NOISE, _GRAIN, _MASK, _CHANNEL = 30, 31, 32, 33, 34  # sites of randomness
_WAVES = 3  # cosines over the bands that a microphone's curve is made of
_GRAIN_SIZE = 0.5  # nats by which noise differs from frame to frame and band to band


class AugmentConfig(Section):
    """speed: largest change of tempo; cut: share of a recording that may be missing at its ends; throat: largest
    stretch of the bands, as another vocal tract makes it (Jaitly and Hinton 2013); channel: how much louder or softer,
    in nats, a microphone may make some bands; noise: share of the recordings that noise is added to, between 50 and
    5 dB below their loudest moment; mask: share of the times and of the bands that may be hidden (SpecAugment,
    arXiv:1904.08779)."""

    speed: Fraction = 0.2
    cut: Fraction = 0.15
    throat: Fraction = 0.15
    channel: Annotated[float, Field(ge=0, le=5)] = 0.7
    noise: Fraction = 0.5
    mask: Fraction = 0.15


def warped(
    x: Tensor, real: Tensor, keys: Tensor, *, speed: float, throat: float, cut: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Spectra at another tempo, cut at their ends, and with their bands stretched, by linear interpolation.

    x: [B, T, bands], real: bool [B, T], keys: int32 [B] -> [B, T', bands] and bool [B, T'].
    """
    draws = uniform(keys, 4, _WARP)  # [B, 4]
    tempo, stretch = (1 + most * (2 * draw - 1) for most, draw in ((speed, draws[:, 0]), (throat, draws[:, 1])))
    lengths = real.sum(1)
    kept = lengths * (1 - cut * draws[:, 2])
    start = (lengths - kept) * draws[:, 3]
    wanted = (kept * tempo).round().long().clamp(min=1)
    time, bands = int(wanted.max()), x.shape[2]
    places = torch.arange(time, device=x.device) + 0.5
    y = (start[:, None] + places * (kept / wanted)[:, None]) / x.shape[1]  # [B, T'], 0 … 1 over the input's times
    stretched = (torch.arange(bands, device=x.device) + 0.5) / bands * stretch[:, None]  # [B, bands]
    grid = torch.stack(
        (
            (2 * stretched - 1)[:, None].expand(-1, time, -1),
            (2 * y - 1)[:, :, None].expand(-1, -1, bands),
        ),
        dim=-1,
    )
    made = F.grid_sample(x[:, None], grid.to(x.dtype), padding_mode="border", align_corners=False)[:, 0]
    return made, torch.arange(time, device=x.device) < wanted[:, None]


def coloured(x: Tensor, keys: Tensor, most: float) -> Tensor:
    """Spectra through a microphone that makes some bands louder and others softer: a smooth curve of up to about so
    many nats. x: [B, T, bands]"""
    draws = 2 * uniform(keys, _WAVES, _CHANNEL) - 1  # [B, waves]
    bands = (torch.arange(x.shape[2], device=x.device) + 0.5) / x.shape[2]
    waves = torch.stack([torch.cos(torch.pi * (number + 1) * bands) for number in range(_WAVES)])  # [waves, bands]
    return x + most * (draws @ waves)[:, None]


def hidden(x: Tensor, real: Tensor, keys: Tensor, share: float) -> Tensor:
    """Normalised spectra of which a stretch of up to that share of the times, and one of the bands, is 0, the mean."""
    draws = uniform(keys, 4, _MASK)
    times = torch.arange(x.shape[1], device=x.device).expand(len(x), -1), real.sum(1, keepdim=True)
    bands = torch.arange(x.shape[2], device=x.device).expand(len(x), -1), torch.full_like(times[1], x.shape[2])
    for axis, (places, size) in enumerate((times, bands)):
        length = share * size * draws[:, 2 * axis, None]
        start = (size - length) * draws[:, 2 * axis + 1, None]
        inside = (places >= start) & (places < start + length)
        x = x.masked_fill(inside.unsqueeze(2 - axis), 0.0)
    return x


def noisy(x: Tensor, real: Tensor, keys: Tensor, share: float) -> Tensor:
    """Spectra with noise in that share of them, louder in some bands than in others. x: [B, T, bands]"""
    draws = uniform(keys, 3, _NOISE)[..., None, None]  # [B, 3, 1, 1]
    below = 0.6 + 5.2 * draws[:, 0]  # nats of magnitude: 5 to 50 dB
    loudest = x.masked_fill(~real[..., None], -torch.inf).amax((1, 2), keepdim=True)
    tilt = torch.linspace(-1, 1, x.shape[2], device=x.device) * (2 * draws[:, 1] - 1)  # [B, 1, bands]
    grain = normal(keys, x.shape[1] * x.shape[2], _GRAIN).view_as(x)
    noise = loudest - below + tilt + _GRAIN_SIZE * grain
    return torch.where(draws[:, 2] < share, torch.logaddexp(x, noise), x)
