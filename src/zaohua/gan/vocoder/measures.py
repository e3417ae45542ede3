"""How near waves come to those that their spectrograms were made of, one by one and as a kind of sound."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from zaohua.metrics.distances import frechet_distance, moments
from zaohua.nn.mel import MelConfig, griffin_lim, log_mel, magnitudes
from zaohua.nn.spectrum import spectra

_SIZES = (0.5, 1, 2)  # of the windows of stft_distance, against the spectrogram's own
_FLOOR = 1e-4  # of a magnitude before the logarithm
_HEARD = 120.0  # seconds of held-out sound that an evaluation copies at most

Vocode = Callable[[Tensor], Tensor]  # log-mel bands [1, bands, T] -> wave [1, T · hop]


def mel_distance(real: Tensor, made: Tensor, config: MelConfig) -> float:
    """Mean |difference| of natural-log mel spectrograms. real, made: [B, T]"""
    return (log_mel(made, config) - log_mel(real, config)).abs().mean().item()


def stft_distance(real: Tensor, made: Tensor, config: MelConfig) -> float:
    """Over three sizes of window, the mean of ‖|S| - |Ŝ|‖ / ‖|S|‖ + mean |ln |S| - ln |Ŝ||.

    Yamamoto et al. 2020 (arXiv:1910.11480), eq. 4 to 6. real, made: [B, T]
    """
    total = 0.0
    for size in _SIZES:
        n_fft, hop = round(size * config.n_fft), round(size * config.hop)
        ours, theirs = (spectra(wave, n_fft, hop).abs().clamp(min=_FLOOR) for wave in (made, real))
        total += ((theirs - ours).norm() / theirs.norm() + (theirs.log() - ours.log()).abs().mean()).item()
    return total / len(_SIZES)


def spectrum_fd(real: Sequence[Tensor], made: Sequence[Tensor], config: MelConfig) -> float:
    """Fréchet distance between the logarithms of the magnitudes of short spectra: are they of the same kind?

    The other two ask how far each moment is from the real one, which a voice does best that is blurred; this one asks
    whether bands are as loud, and as tied to each other, as those of real sound. real, made: clips, float32 [T] each
    """
    both = [
        torch.cat([(spectra(clip[None], config.n_fft, config.hop)[0].abs() + _FLOOR).log() for clip in clips], 1)
        for clips in (real, made)
    ]
    return frechet_distance(*(moments(levels.T.cpu().numpy()) for levels in both))


def untrained(mel: Tensor, config: MelConfig) -> Tensor:
    """The wave without a vocoder: magnitudes that fit the bands, phases by 32 rounds of Griffin and Lim's method."""
    return griffin_lim(magnitudes(mel, config), config.hop)


def heard(clips: Sequence[Tensor], rate: int) -> list[Tensor]:
    """Those that are copied to be measured: the first ones, two minutes at most, one at least."""
    chosen: list[Tensor] = []
    left = _HEARD * rate
    for clip in clips:
        left -= len(clip)
        if left < 0 and chosen:
            break
        chosen.append(clip)
    return chosen


@torch.no_grad()
def copies(clips: Sequence[Tensor], vocode: Vocode, config: MelConfig) -> list[Tensor]:
    """Every clip, float32 [T], to its spectrogram and back."""
    return [vocode(log_mel(clip[None], config))[0, : len(clip)] for clip in clips]


def distances(clips: Sequence[Tensor], made: Sequence[Tensor], config: MelConfig) -> dict[str, float]:
    """ "fd" (see spectrum_fd), and the means over the clips of mel_distance and stft_distance."""
    pairs = [(clip[None], copy[None]) for clip, copy in zip(clips, made, strict=True)]
    return {"fd": spectrum_fd(clips, made, config)} | {
        measure.__name__: float(np.mean([measure(real, copy, config) for real, copy in pairs]))
        for measure in (mel_distance, stft_distance)
    }
