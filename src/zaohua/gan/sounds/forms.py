"""The two forms in which a network makes sound: pictures of its spectrum, and the wave itself."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.gan.networks.shape import Shape, build_discriminator, build_generator
from zaohua.gan.networks.waves import WaveDiscriminator, WaveGenerator, WaveShape
from zaohua.nn.mel import MelConfig, griffin_lim, log_mel, magnitudes

_PATCH = 2  # bands and moments in one point of the networks' picture: four times fewer points
# What a point says of its patch: how loud it is, and whether louder above, earlier, or across (Haar's wavelets). Told
# so, a generator gets the whole right before its details; values side by side it would chequer. Its own inverse.
_HAAR = torch.tensor([[1, 1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]]) / 2.0
_RANGE = 60 * math.log(10) / 20  # nats: 60 dB below the loudest is silence; what is fainter is noise for the most part
_BATCH = 64


@dataclass(frozen=True)
class Form(ABC):
    """rate: samples per second; length: samples of a sound."""

    rate: int
    length: int

    @abstractmethod
    def encode(self, waves: Tensor) -> Tensor:
        """Waves [B, T] as the networks see them, float32 [B, ...]."""

    @abstractmethod
    def decode(self, samples: Tensor) -> Tensor:
        """What the generator made, as waves [B, T]."""

    @abstractmethod
    def heard(self, samples: Tensor) -> Tensor:
        """What the networks see or made, as natural logarithms of a mel spectrogram [B, bands, moments]."""

    @abstractmethod
    def blank(self) -> Tensor:
        """One sample without a sound, float32 [...]."""

    def as_config(self) -> dict[str, Any]:
        """For config.json."""
        return {"rate": self.rate, "length": self.length}


@dataclass(frozen=True)
class SpectrumForm(Form):
    """Log-mel spectrograms of size × size between -1, which is silence, and 1, the loudest of the data; as wavelets of
    2 × 2 patches, float32 [B, 4, size / 2, size / 2]. loudest: the largest magnitude of a band."""

    size: int
    loudest: float
    channels: ClassVar[int] = _PATCH**2

    @property
    def points(self) -> int:
        """The side of the networks' picture."""
        return self.size // _PATCH

    @property
    def mel(self) -> MelConfig:
        """The spectrogram. A frame is four times as long as its hop, longer if the bands need it to be told apart."""
        hop = self.length // self.size
        return MelConfig(self.rate, max(4 * hop, 4 * self.size), hop, self.size)

    def blank(self) -> Tensor:
        return _turned(torch.full((1, self.channels, self.points, self.points), -1.0))[0]

    def encode(self, waves: Tensor) -> Tensor:
        """By parts, so that memory stays small."""
        parts = [log_mel(part, self.mel) for part in waves.split(_BATCH)]
        scaled = 1 + 2 * (torch.cat(parts) - math.log(self.loudest)) / _RANGE
        return _turned(F.pixel_unshuffle(scaled.clamp(min=-1)[:, None], _PATCH))

    def heard(self, samples: Tensor) -> Tensor:
        """The spectrogram itself."""
        spectrum = F.pixel_shuffle(_turned(samples), _PATCH)[:, 0]
        return math.log(self.loudest) + (spectrum.clamp(-1, 1) - 1) / 2 * _RANGE

    def decode(self, samples: Tensor) -> Tensor:
        """Magnitudes from the bands, then phases by Griffin-Lim."""
        parts = [griffin_lim(magnitudes(self.heard(part), self.mel), self.mel.hop) for part in samples.split(_BATCH)]
        return torch.cat(parts)

    def as_config(self) -> dict[str, Any]:
        return {**super().as_config(), "size": self.size, "loudest": self.loudest}


@dataclass(frozen=True)
class WaveForm(Form):
    """Waves as they are, float32 [B, T] in -1 … 1."""

    def blank(self) -> Tensor:
        return torch.zeros(self.length)

    def encode(self, waves: Tensor) -> Tensor:
        return waves

    def heard(self, samples: Tensor) -> Tensor:
        """64 bands in some 64 moments."""
        return log_mel(samples, MelConfig(self.rate, 4 * max(64, self.length // 64), max(64, self.length // 64), 64))

    def decode(self, samples: Tensor) -> Tensor:
        return samples


def _turned(patches: Tensor) -> Tensor:
    """Four values to four wavelets, and back. [B, 4, H, W]"""
    return torch.einsum("ij,bjhw->bihw", _HAAR.to(patches), patches)


def spectrum_form(waves: Tensor, rate: int, size: int) -> SpectrumForm:
    """The form in which the loudest of these waves [N, T] is 1. T must be a multiple of size."""
    form = SpectrumForm(rate, waves.shape[1], size, 1.0)
    return replace(form, loudest=math.exp(max(float(log_mel(part, form.mel).max()) for part in waves.split(_BATCH))))


def stacked(sounds: Sequence[Tensor], length: int) -> Tensor:
    """Waves of up to `length` samples [T] as float32 [N, length], ending in silence."""
    waves = torch.zeros(len(sounds), length)
    for row, wave in zip(waves, sounds, strict=True):
        row[: len(wave)] = wave
    return waves


def generator_of(shape: Shape | WaveShape) -> nn.Module:
    """Fresh, of either form."""
    return WaveGenerator(shape) if isinstance(shape, WaveShape) else build_generator(shape)


def discriminator_of(shape: Shape | WaveShape) -> nn.Module:
    """Fresh, of either form."""
    return WaveDiscriminator(shape) if isinstance(shape, WaveShape) else build_discriminator(shape)
