"""A vocoder ready to use: spectrograms to sound, at once or while they come, and copies of recordings."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor

from zaohua.artifacts import Audio
from zaohua.data.sounds import resampled
from zaohua.data.sounds.single import given_sound
from zaohua.errors import UsageError
from zaohua.gan.folder import save_gan
from zaohua.gan.vocoder.folder import config_of, load_vocoder
from zaohua.gan.vocoder.generator import Generator
from zaohua.gan.vocoder.stream import Stream
from zaohua.i18n import t
from zaohua.machine import usual_device
from zaohua.model_folder.files import read_card
from zaohua.nn.mel import MelConfig, log_mel

_FRAMES = 4096  # made at once: what is longer goes through a stream, which needs no more memory


class VocoderModel:
    """Turns log-mel spectrograms, float32 [bands, T] in natural logarithms, into waves, float32 [T · hop]."""

    kind = "vocoder"

    def __init__(self, generator: Generator, *, name: str = "", card: str | None = None) -> None:
        self.generator, self.name, self.card = generator, name, card

    @classmethod
    def load(cls, folder: Path | str, *, name: str | None = None, device: torch.device | str | None = None) -> Self:
        """Open a model folder on `device`: a CUDA GPU if there is one, else the CPU."""
        folder = Path(folder)
        generator = load_vocoder(folder).to(usual_device(device))
        return cls(generator, name=folder.resolve().name if name is None else name, card=read_card(folder))

    def save(self, folder: Path | str) -> None:
        """Write the folder, whole or not at all."""
        save_gan(Path(folder), config_of(self.generator.shape), {"generator": self.generator.state_dict()}, self.card)

    @property
    def mel_config(self) -> MelConfig:
        """How the spectrograms that it reads are made."""
        return self.generator.shape.mel

    @property
    def rate(self) -> int:
        """Samples per second of what it makes."""
        return self.mel_config.rate

    def mel(self, wave: np.ndarray, rate: int) -> np.ndarray:
        """The spectrogram of a wave, float32 [T] at `rate`: [bands, ⌈T / hop⌉ at its own rate]"""
        own = np.ascontiguousarray(resampled(np.asarray(wave, np.float32), rate, self.rate))
        return log_mel(torch.from_numpy(own)[None], self.mel_config)[0].numpy()

    def wave(self, mel: np.ndarray | Tensor) -> np.ndarray:
        """A whole spectrogram as sound: [bands, T] -> [T · hop]. UsageError for one of another shape."""
        given = torch.as_tensor(mel)
        return np.concatenate([np.zeros(0, np.float32), *self.stream(given.split(_FRAMES, -1))])

    def stream(self, mels: Iterable[np.ndarray | Tensor]) -> Iterator[np.ndarray]:
        """The same sound in pieces, as its spectrogram comes in pieces of any length, each [bands, T].

        A sample follows generator.shape.reach frames and half a window after its own frame; the pieces, joined, are
        what `wave` makes of the joined spectrogram. Raises UsageError for a piece of another shape.
        """
        stream, pushed = Stream(self.generator), False
        for mel in mels:
            yield from _heard(stream.push(self._checked(mel)))
            pushed = True
        if pushed:
            yield from _heard(stream.finish())

    def copy(self, sound: str | Path | np.ndarray, rate: int | None = None) -> Audio:
        """A recording through its spectrogram: a file of any rate, or a wave float32 [T] at `rate`.

        Raises UsageError for a file that is not there, ZaohuaError for one that is no sound.
        """
        wave, rate, prompt = given_sound(sound, rate)
        length = max(1, round(len(wave) * self.rate / rate))
        samples = self.wave(self.mel(wave, rate))[:length]
        return Audio(samples=samples, rate=self.rate, model=self.name, prompt=prompt)

    def _checked(self, mel: np.ndarray | Tensor) -> Tensor:
        given = torch.as_tensor(mel)
        if given.ndim != 2 or given.shape[0] != self.mel_config.bands or not given.is_floating_point():
            raise UsageError(t("vocoder.bad_mel", bands=self.mel_config.bands, shape=list(given.shape)))
        if not given.isfinite().all():
            raise UsageError(t("vocoder.mel_not_finite"))
        return given.to(next(self.generator.parameters()).device, torch.float32)[None]


def _heard(wave: Tensor) -> Iterator[np.ndarray]:
    """The piece, unless it is empty."""
    if wave.shape[1]:
        yield wave[0].cpu().numpy()
