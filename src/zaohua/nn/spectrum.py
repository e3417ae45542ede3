"""Sound to short spectra and back: every frame stands for `hop` samples, so that T frames are T · hop samples.

A frame is a Hann window over n_fft samples around its own hop. Frames that were changed become a wave again by adding
up what overlaps, each sample divided by how much of the windows it has seen (Griffin and Lim 1984); the parts may
come one after the other.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def spectra(wave: Tensor, n_fft: int, hop: int) -> Tensor:
    """float32 [B, T] -> complex64 [B, n_fft // 2 + 1, ⌈T / hop⌉]; around the wave is silence."""
    beside = (n_fft - hop) // 2
    missing = -wave.shape[1] % hop
    padded = F.pad(wave, (beside, n_fft - hop - beside + missing))
    return torch.stft(padded, n_fft, hop, window=_window(n_fft, wave), center=False, return_complex=True)


def wave_of(spectrum: Tensor, hop: int) -> Tensor:
    """complex64 [B, n_fft // 2 + 1, T] -> float32 [B, T · hop]: of all waves the one whose spectra are nearest."""
    frames = torch.fft.irfft(spectrum, dim=1)
    return OverlapAdd(frames.shape[1], hop)(frames, last=True)


class OverlapAdd:
    """Frames to a wave, part by part: what is returned, joined, is the same however the frames are parted."""

    def __init__(self, n_fft: int, hop: int) -> None:
        self.n_fft, self.hop = n_fft, hop
        self._skipped = (n_fft - hop) // 2  # samples to come that lie before the first frame's own
        self._left: Tensor | None = None  # [2, B, n_fft - hop]: of the wave and of the windows, what is not full yet

    def __call__(self, frames: Tensor, *, last: bool = False) -> Tensor:
        """float32 [B, n_fft, T] -> [B, samples that no later frame will change]; last: all that are left."""
        batch, n_fft, count = frames.shape
        window = _window(n_fft, frames)[:, None]
        both = torch.stack((frames * window, (window * window).expand_as(frames)))  # [2, B, n_fft, T]
        reach = n_fft - self.hop
        size = (1, count * self.hop + reach)
        if count:
            folded = F.fold(both.flatten(0, 1), size, (1, n_fft), stride=(1, self.hop))
            summed = folded.view(2, batch, size[1])
        else:
            summed = frames.new_zeros(2, batch, reach)
        if self._left is not None:
            summed = summed + F.pad(self._left, (0, size[1] - reach))
        ready = size[1] - (n_fft - self.hop - (n_fft - self.hop) // 2) if last else count * self.hop
        self._left = summed[..., ready:]
        first = min(self._skipped, ready)
        self._skipped -= first
        wave, windows = summed[..., first:ready]
        return wave / windows


def _window(n_fft: int, like: Tensor) -> Tensor:
    return torch.hann_window(n_fft, dtype=torch.float32, device=like.device)
