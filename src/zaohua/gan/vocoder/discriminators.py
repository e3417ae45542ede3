"""What tells real sound from made sound: networks that look at every p-th sample, and others at short spectra.

The first kind is of Kong et al. 2020 (HiFi-GAN, arXiv:2010.05646), the second of Jang et al. 2021 (UnivNet,
arXiv:2106.07889), which looks at several sizes of window. Each gives many scores for a wave, and what its layers saw,
which the generator is taught to match.
"""

from itertools import pairwise
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.nn.spectrum import spectra

PERIODS = (2, 3, 5, 7, 11)  # samples; no two of them see the same
_PERIOD_WIDTHS = (32, 128, 512, 1024, 1024)  # channels of HiFi-GAN
_SPECTRUM_WIDTH = 64  # channels of each layer; UnivNet has 32, but an eighth of that tells little
_SLOPE = 0.1
_FLOOR, _SCALE = 1e-4, 4.0  # of magnitudes before the logarithm, and nats that are seen as 1


class Seen(NamedTuple):
    """scores: [B, N], larger for what sounds real; features: what every layer saw."""

    scores: Tensor
    features: list[Tensor]


class PeriodDiscriminator(nn.Module):
    """Sees the wave as `period` slower ones, side by side, through the same convolutions."""

    def __init__(self, period: int, width: float) -> None:
        super().__init__()
        self.period = period
        widths = [1, *(max(1, round(width * channels)) for channels in _PERIOD_WIDTHS)]
        strides = [3] * (len(widths) - 2) + [1]
        self.layers = nn.ModuleList(
            nn.Conv1d(before, after, 5, stride, 2)
            for (before, after), stride in zip(pairwise(widths), strides, strict=True)
        )
        self.last = nn.Conv1d(widths[-1], 1, 3, padding=1)

    def forward(self, wave: Tensor) -> Seen:
        """wave: [B, T]"""
        batch, length = wave.shape
        x = F.pad(wave, (0, -length % self.period)).view(batch, -1, self.period)
        return _seen(x.mT.reshape(batch * self.period, 1, -1), self.layers, self.last, batch)


class SpectrumDiscriminator(nn.Module):
    """Sees the logarithms of the magnitudes of short spectra, with windows of n_fft samples.

    Linear ones, or real and imaginary parts, show little but what is loud: with these it learns sooner.
    """

    def __init__(self, n_fft: int, width: float) -> None:
        super().__init__()
        self.n_fft = n_fft
        channels = max(1, round(width * _SPECTRUM_WIDTH))
        first = nn.Conv2d(1, channels, (9, 3), (2, 1), (4, 1))
        others = [nn.Conv2d(channels, channels, (9, 3), 2, (4, 1)) for _ in range(2)]
        self.layers = nn.ModuleList([first, *others, nn.Conv2d(channels, channels, 3, 2, 1)])
        self.last = nn.Conv2d(channels, 1, 3, padding=1)

    def forward(self, wave: Tensor) -> Seen:
        """wave: [B, T]"""
        size = spectra(wave, self.n_fft, self.n_fft // 4).abs()  # [B, bins, frames]
        return _seen(1 + (size + _FLOOR).log()[:, None] / _SCALE, self.layers, self.last, len(wave))


class Discriminators(nn.Module):
    """All of them. n_fft: of the middle one of three sizes of window; width: a factor on the channels of the papers,
    of which a CPU takes a quarter or less."""

    def __init__(self, n_fft: int, width: float) -> None:
        super().__init__()
        periods = [PeriodDiscriminator(period, width) for period in PERIODS]
        sizes = [SpectrumDiscriminator(size, width) for size in (n_fft // 2, n_fft, 2 * n_fft)]
        self.parts = nn.ModuleList([*periods, *sizes])
        for name, parameter in self.named_parameters():
            if name.endswith("weight"):
                nn.init.kaiming_normal_(parameter, _SLOPE)  # of smaller ones quiet sounds move nothing for long
            else:
                nn.init.zeros_(parameter)

    def forward(self, wave: Tensor, condition: None = None, *, features: bool = False) -> Tensor | Seen:
        """wave: [B, T] -> the scores of all, [B, N], each of which counts the same in a loss; features: with what all
        layers saw."""
        scores, layers = zip(*(part(wave) for part in self.parts), strict=True)
        joined = torch.cat(scores, 1)
        return Seen(joined, [layer for seen in layers for layer in seen]) if features else joined


def _seen(x: Tensor, layers: nn.ModuleList, last: nn.Module, batch: int) -> Seen:
    features = []
    for layer in layers:
        x = F.leaky_relu(layer(x), _SLOPE)
        features.append(x)
    return Seen(last(x).reshape(batch, -1), features)
