"""What can be known of a sound without learning: magnitudes that fit its bands, and phases that agree with each other.

The phases come from a few rounds of Griffin and Lim's method with the momentum of Perraudin et al. 2013. A round looks
at the frames that overlap with a frame, three on each side, and at nothing else: it can be done part by part.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from zaohua.nn.mel import LOG_FLOOR, MelConfig, magnitudes

OVERLAPPING = 3  # frames on each side, for windows of four hops
_MOMENTUM = 0.95
_FITTING = 16  # steps towards the magnitudes
_OVERLAP = 1.5  # Σ of the squared Hann windows over a sample


def first_guess(mel: Tensor, config: MelConfig) -> Tensor:
    """What the first round begins with: [B, bands, T] -> [B, bands + 5 · bins, T].

    Beside one another: the bands, scaled so that silence is 0 and the loudest about 1; magnitudes; the estimate, real
    and imaginary parts, with the phase 0; what the round before had found, nothing yet.
    """
    size = magnitudes(mel, config, iterations=_FITTING)
    nothing = torch.zeros_like(size)
    return torch.cat((1 - mel / LOG_FLOOR, size, size, nothing, nothing, nothing), 1)


def agree(state: Tensor, config: MelConfig) -> Tensor:
    """One round: [B, bands + 5 · bins, T + 2 · OVERLAPPING] -> [B, bands + 5 · bins, T]"""
    count, bins = state.shape[2] - 2 * OVERLAPPING, config.n_fft // 2 + 1
    kept = state[..., OVERLAPPING : OVERLAPPING + count]
    bands, size, _, _, *before = kept.split((config.bands, *[bins] * 5), 1)
    real, imaginary = state[:, config.bands + bins : config.bands + 3 * bins].chunk(2, 1)
    found = _overlapped(torch.complex(real, imaginary), config, count)
    ahead = found + _MOMENTUM * (found - torch.complex(*before))
    phase = ahead / ahead.abs().clamp(min=1e-16)
    return torch.cat((bands, size, size * phase.real, size * phase.imag, found.real, found.imag), 1)


def known(state: Tensor, config: MelConfig) -> tuple[Tensor, Tensor]:
    """The scaled bands [B, bands, T], and the estimated spectra complex64 [B, bins, T]."""
    bins = config.n_fft // 2 + 1
    bands, _, real, imaginary, _, _ = state.split((config.bands, *[bins] * 5), 1)
    return bands, torch.complex(real, imaginary)


def _overlapped(spectrum: Tensor, config: MelConfig, count: int) -> Tensor:
    """The spectra, once more, of the wave that frames make together: [B, bins, count + 2 · OVERLAPPING] ->
    [B, bins, count] of those in the middle."""
    n_fft, hop = config.n_fft, config.hop
    window = torch.hann_window(n_fft, device=spectrum.device)[:, None]
    frames = torch.fft.irfft(spectrum, dim=1) * window
    length = n_fft + (frames.shape[2] - 1) * hop
    wave = F.fold(frames, (1, length), (1, n_fft), stride=(1, hop))[:, 0, 0] / _OVERLAP
    inner = wave[:, OVERLAPPING * hop : length - OVERLAPPING * hop]
    return torch.fft.rfft(inner.unfold(1, n_fft, hop).mT * window, dim=1)
