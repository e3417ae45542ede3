"""What the media tower reads: pictures as floats, sounds as log-mel spectra cut into patches."""

from collections.abc import Sequence

import torch
from torch import Tensor

from zaohua.multimodal.contrastive.shape import TowersConfig
from zaohua.nn.mel import LOG_FLOOR, MelConfig, log_mel

_CENTRE, _SPREAD = -5.0, 4.0  # of log-mel values: what is usual becomes about -1 … 1


def spectrum(wave: Tensor, config: TowersConfig) -> Tensor:
    """The spectra of one sound, whole patches of them, silence after its end: float32 [T] -> [frames, bands]

    What is longer than the tower has patches is cut.
    """
    mel = MelConfig(config.rate, config.n_fft, config.hop, config.bands)
    found = log_mel(wave[None, : config.patches * config.frames * config.hop], mel)[0].T
    missing = -len(found) % config.frames
    silence = found.new_full((missing, config.bands), LOG_FLOOR)
    return (torch.cat((found, silence)) - _CENTRE) / _SPREAD


def together(spectra: Sequence[Tensor], config: TowersConfig) -> tuple[Tensor, Tensor]:
    """Spectra of several sounds as one batch: [B, T, bands], and how many patches each has, int64 [B]."""
    lengths = torch.tensor([len(one) // config.frames for one in spectra])
    rows = spectra[0].new_zeros(len(spectra), int(lengths.max()) * config.frames, config.bands)
    for row, one in zip(rows, spectra, strict=True):
        row[: len(one)] = one
    return rows, lengths
