"""Log-mel spectrograms: what a voice sounds like, in bands as the ear has them, without the phase.

The bands are triangles on the mel scale, each of area 1, over the magnitudes of short spectra (zaohua.nn.spectrum).
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import torch
from torch import Tensor

from zaohua.nn.spectrum import spectra, wave_of

Scale = Literal["slaney", "htk"]
_FLOOR = 1e-5  # of a band before the logarithm
LOG_FLOOR = math.log(_FLOOR)  # what silence is in every band
_LINEAR, _PER_MEL, _FROM = 200 / 3, math.log(6.4) / 27, 1000.0  # of Slaney's scale: Hz per mel up to 1 kHz, then log


@dataclass(frozen=True)
class MelConfig:
    """rate: samples per second; n_fft, hop: samples of a frame and from one to the next; bands: from `low` to `high`
    Hz, 0 for half the rate; scale: Slaney's, linear up to 1 kHz, or HTK's."""

    rate: int
    n_fft: int
    hop: int
    bands: int
    low: float = 0.0
    high: float = 0.0
    scale: Scale = "slaney"


def usual(rate: int) -> MelConfig:
    """For speech: frames of about 40 ms, a power of two, four to each, and 80 bands or what a frame can tell apart."""
    n_fft = 2 ** round(math.log2(rate * 0.0425))
    return MelConfig(rate, n_fft, n_fft // 4, min(80, n_fft // 4))


def log_mel(wave: Tensor, config: MelConfig) -> Tensor:
    """float32 [B, T] in -1 … 1 -> natural logarithms [B, bands, ⌈T / hop⌉]"""
    bank = _bank(config, wave.device)
    with torch.autocast(wave.device.type, enabled=False):  # a logarithm of sums in half precision is mostly noise
        return (bank @ spectra(wave.float(), config.n_fft, config.hop).abs()).clamp(min=_FLOOR).log()


def magnitudes(mel: Tensor, config: MelConfig, *, iterations: int = 32) -> Tensor:
    """Of the spectra, as far as the bands tell: [B, bands, T] -> [B, n_fft // 2 + 1, T], none of them negative.

    The pseudo-inverse, mended by the multiplicative updates of Lee and Seung 2001, which cannot change a sign.
    """
    # In double precision, lest the result depend on how many frames a matrix product takes at once.
    bank, bands = _bank(config, mel.device).double(), mel.double().exp()
    found = (torch.linalg.pinv(bank) @ bands).clamp(min=_FLOOR)
    wanted = bank.T @ bands
    for _ in range(iterations):
        found = found * wanted / (bank.T @ (bank @ found)).clamp(min=1e-16)
    return found.to(mel.dtype)


def griffin_lim(magnitude: Tensor, hop: int, *, iterations: int = 32, momentum: float = 0.99) -> Tensor:
    """A wave with these magnitudes, as nearly as some phases allow: [B, n_fft // 2 + 1, T] -> [B, T · hop].

    Griffin and Lim 1984, with the momentum of Perraudin et al. 2013; it begins with the phase 0 everywhere.
    """
    n_fft = 2 * (magnitude.shape[1] - 1)
    phase, before = torch.ones_like(magnitude, dtype=torch.complex64), torch.zeros((), dtype=torch.complex64)
    for _ in range(iterations):
        found = spectra(wave_of(magnitude * phase, hop), n_fft, hop)
        ahead = found + momentum * (found - before)
        phase, before = ahead / ahead.abs().clamp(min=1e-16), found
    return wave_of(magnitude * phase, hop)


def filterbank(
    rate: int, n_fft: int, bands: int, low: float = 0.0, high: float = 0.0, scale: Scale = "slaney"
) -> Tensor:
    """The triangles over the frequencies of a spectrum: float32 [bands, n_fft // 2 + 1]. high: 0 for half the rate."""
    ends = torch.tensor([low, high or rate / 2], dtype=torch.float64)
    first, last = _mels(ends, scale).tolist()
    corners = _hertz(torch.linspace(first, last, bands + 2, dtype=torch.float64), scale)
    frequencies = torch.linspace(0, rate / 2, n_fft // 2 + 1, dtype=torch.float64)
    widths = corners.diff()[:, None]
    slopes = corners[:, None] - frequencies
    rising, falling = -slopes[:-2] / widths[:-1], slopes[2:] / widths[1:]
    areas = (corners[2:] - corners[:-2])[:, None] / 2
    return (torch.minimum(rising, falling).clamp(min=0) / areas).float()


@lru_cache(maxsize=16)
def _bank(config: MelConfig, device: torch.device) -> Tensor:
    with torch.inference_mode(False):  # a table first made for an evaluation also serves training
        return filterbank(config.rate, config.n_fft, config.bands, config.low, config.high, config.scale).to(device)


def _mels(hertz: Tensor, scale: Scale) -> Tensor:
    if scale == "htk":
        return 2595 * torch.log10(1 + hertz / 700)
    return torch.where(
        hertz < _FROM, hertz / _LINEAR, _FROM / _LINEAR + torch.log(hertz.clamp(min=1) / _FROM) / _PER_MEL
    )


def _hertz(mels: Tensor, scale: Scale) -> Tensor:
    if scale == "htk":
        return 700 * (10 ** (mels / 2595) - 1)
    knee = _FROM / _LINEAR
    return torch.where(mels < knee, mels * _LINEAR, _FROM * torch.exp((mels - knee) * _PER_MEL))
