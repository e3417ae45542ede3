"""What is read of a sound: log-mel spectra, as loud on average as all others and of much the same colour."""

from collections.abc import Sequence

import torch
from torch import Tensor

from zaohua.multimodal.speech.shape import ListenerConfig
from zaohua.nn.mel import LOG_FLOOR, log_mel

_LEAST = 0.1  # standard deviation that is divided by: silence stays silent


def spectrum(wave: Tensor, config: ListenerConfig) -> Tensor:
    """The log-mel spectrum of one sound, as long as the model reads it: float32 [T] -> [frames, bands]"""
    return log_mel(wave[None, : config.frames * config.hop], config.mel)[0].T


def together(spectra: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Several of them as one batch, silence after their ends: [B, T, bands] and, bool [B, T], which frames are real."""
    lengths = torch.tensor([len(one) for one in spectra])
    x = spectra[0].new_full((len(spectra), int(lengths.max()), spectra[0].shape[1]), LOG_FLOOR)
    for row, one in zip(x, spectra, strict=True):
        row[: len(one)] = one
    return x, torch.arange(x.shape[1]) < lengths[:, None]


def normalised(x: Tensor, real: Tensor) -> Tensor:
    """Mean 0 and standard deviation 1 over the frames and bands of each sound, 0 past its end: how loud it was
    recorded tells nothing of what is said. What each band is on average, which is as much the microphone as the word,
    is taken off by half."""
    counted = real[..., None].to(x.dtype)
    frames = counted.sum(1, keepdim=True)
    of_bands = (x * counted).sum(1, keepdim=True) / frames  # [B, 1, bands]
    centred = (x - (of_bands + of_bands.mean(2, keepdim=True)) / 2) * counted
    spread = (centred.square().sum((1, 2), keepdim=True) / (frames * x.shape[2])).sqrt()
    return centred / spread.clamp(min=_LEAST)
