"""What a vocoder's generator minimises beside the adversarial loss: distances from the real sound, as the layers of the
discriminators see both, and as their log-mel spectrograms show both."""

from collections.abc import Sequence
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from zaohua.nn.mel import MelConfig, log_mel

_SIZES = (0.5, 1, 2)  # of the windows, against the spectrogram's own


def feature_matching(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """Mean over the layers of the mean |difference| of what they saw (Kumar et al. 2019, arXiv:1910.06711, eq. 3)."""
    pairs = zip(real, fake, strict=True)
    return torch.stack([F.l1_loss(of_fake, of_real.detach()) for of_real, of_fake in pairs]).mean()


def mel_loss(real: Tensor, fake: Tensor, config: MelConfig) -> Tensor:
    """Mean |difference| of log-mel spectrograms, over three sizes of window. real, fake: [B, T]"""
    return torch.stack([_mel_distance(real, fake, resized(config, size)) for size in _SIZES]).mean()


def resized(config: MelConfig, size: float) -> MelConfig:
    """The same with longer or shorter windows, and as many more or fewer bands."""
    lengths = {name: round(size * getattr(config, name)) for name in ("n_fft", "hop", "bands")}
    return replace(config, **lengths)


def _mel_distance(real: Tensor, fake: Tensor, config: MelConfig) -> Tensor:
    return F.l1_loss(log_mel(fake, config), log_mel(real, config))
