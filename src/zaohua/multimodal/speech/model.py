"""A listener ready to use: it hears a recording and writes down what is said."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor

from zaohua.artifacts import Text
from zaohua.data.sounds import resampled
from zaohua.data.sounds.single import given_sound
from zaohua.data.sounds.wave import SILENT
from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import t
from zaohua.language.opened import OpenedModel
from zaohua.language.sampling import SamplingConfig
from zaohua.language.seq2seq.writing import written
from zaohua.multimodal.speech.folder import load_listener, save_listener
from zaohua.multimodal.speech.network import Listener, places
from zaohua.multimodal.speech.spectra import normalised, spectrum, together

_FRAMES_PER_PASS = 16_384  # heard together


class ListenerModel(OpenedModel):
    """Writes down what is said in recordings; see zaohua.multimodal.speech.folder for the form of its folder."""

    kind = "listener"
    module: Listener

    @classmethod
    def _open(cls, folder: Path, dtype: torch.dtype) -> Self:
        return cls(*load_listener(folder, dtype))

    def save(self, folder: Path | str) -> None:
        """Write the folder, whole or not at all."""
        save_listener(self.module, self.tokenizer, Path(folder), self.card)

    def transcribe(self, sound: str | Path | np.ndarray, rate: int | None = None) -> Text:
        """What is said, the most probable token always: in a file of any rate, or in a wave float32 [T] at `rate`.

        Raises UsageError for a file that is not there or a sound longer than the model can hear, ZaohuaError for one
        that is no sound or silent.
        """
        wave, rate, name = given_sound(sound, rate)
        if not len(wave) or np.abs(wave).max() < SILENT:
            raise ZaohuaError(t("speech.silent", name=name or "sound"))
        shape = self.module.config
        longest = shape.frames * shape.hop / shape.rate
        if len(wave) / rate > longest:
            seconds = {"seconds": f"{len(wave) / rate:.1f}", "longest": f"{longest:.1f}"}
            raise UsageError(t("speech.too_long", name=name or "sound", **seconds))
        own = np.ascontiguousarray(resampled(np.asarray(wave, np.float32), rate, shape.rate))
        heard = spectrum(torch.from_numpy(own).to(self.module.embed_tokens.weight.device), shape)
        ids = self._written([heard])[0]
        ended = ids[-1:] == [self.tokenizer.eot_id]
        text = self.tokenizer.decode(ids, skip_special=True)
        finish = "stop" if ended else "length"
        return Text(text=text, model=self.name, finish_reason=finish, tokens=len(ids))

    def texts(self, spectra: Sequence[Tensor]) -> list[str]:
        """The same of many spectra, [T, bands] each, those of similar length together."""
        order = sorted(range(len(spectra)), key=lambda number: -len(spectra[number]))
        found, start = [""] * len(spectra), 0
        while start < len(order):
            some = order[start : start + max(1, _FRAMES_PER_PASS // len(spectra[order[start]]))]
            for number, ids in zip(some, self._written([spectra[number] for number in some]), strict=True):
                found[number] = self.tokenizer.decode(ids, skip_special=True)
            start += len(some)
        return found

    @torch.inference_mode()
    def _written(self, spectra: Sequence[Tensor]) -> list[list[int]]:
        weight = self.module.embed_tokens.weight
        x, real = (one.to(weight.device) for one in together([one.float() for one in spectra]))
        memory = self.module.remember(normalised(x, real).to(weight.dtype), real)
        greedy = SamplingConfig(temperature=0)
        return written(self.module, self.tokenizer, memory, places(real), self.module.config.context, greedy)
