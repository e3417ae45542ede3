"""How good sounds are that have been through their tokens, beside the recordings and beside what the spectrogram alone
costs."""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from zaohua.data.sounds import Sounds
from zaohua.gan.vocoder.measures import copies, distances, spectrum_fd, untrained
from zaohua.judges.speech import SpeechJudge, agreement, words_to_hear
from zaohua.multimodal.tokenisers.sounds.config import MeasureConfig
from zaohua.multimodal.tokenisers.sounds.model import SoundTokeniser
from zaohua.multimodal.tokenisers.usage import code_usage
from zaohua.nn.mel import log_mel

T = TypeVar("T")


class Measures:
    """Of the held-out sounds, some at most. words: what a recogniser listens for, () if it does not."""

    def __init__(self, sounds: Sounds, config: MeasureConfig) -> None:
        self.sounds = sounds
        self.clips, self.names = _some(sounds.validation, config.most), _some(sounds.validation_names, config.most)
        self.words = words_to_hear(sounds.classes, config.speech)
        labels = sounds.validation_labels if self.words else None
        self._wanted = [] if labels is None else [self.words[number] for number in _some(labels.tolist(), config.most)]

    def brief(self, model: SoundTokeniser) -> dict[str, float]:
        """mel_distance: mean |difference| of natural-log mel spectrograms, before any sound is made of them; how much
        of the codes is used."""
        apart, tokens = [], []
        for clip in self.clips:
            ids = model.encode(clip[None], self.sounds.rate)
            bands = log_mel(clip[None], model.form.mel)
            apart.append(float((model.mel(ids)[..., : bands.shape[2]] - bands).abs().mean()))
            tokens.append(ids.flatten())
        return {"mel_distance": float(np.mean(apart)), **code_usage(torch.cat(tokens), model.codes)}

    def one_spectrum(self, model: SoundTokeniser) -> dict[str, float]:
        """The mel_distance of every clip's mean spectrum, all the time."""
        spectrograms = [log_mel(clip[None], model.form.mel) for clip in self.clips]
        return {"mel_distance": float(np.mean([float((_mean(bands) - bands).abs().mean()) for bands in spectrograms]))}

    def whole(self, model: SoundTokeniser) -> dict[str, dict[str, Any]]:
        """ "metrics": distances of the waves (zaohua.gan.vocoder.measures), "understood", the share of the words that a
        recogniser hears in them, codes and tokens_per_second. Under "baselines" the same of "spectrogram", what comes
        of the recordings' own spectrograms by the same way, of "one_spectrum", every clip as its mean spectrum, and of
        "real", the recordings, whose fd is that of as many sounds that were learnt from."""
        made = [self._through(model, clip) for clip in self.clips]
        vocode = vocoder_of(model)
        spectrogram = copies(self.clips, vocode, model.form.mel)
        means = [vocode(_mean(log_mel(clip[None], model.form.mel)))[0, : len(clip)] for clip in self.clips]
        kinds = {"metrics": made, "spectrogram": spectrogram, "one_spectrum": means}
        found = {name: distances(self.clips, waves, model.form.mel) for name, waves in kinds.items()}
        found["real"] = {"fd": spectrum_fd(self.clips, _some(self.sounds.train, len(self.clips)), model.form.mel)}
        if self.words:
            judge = SpeechJudge(self.words)
            for name, waves in (kinds | {"real": self.clips}).items():
                heard = judge.heard([wave.cpu().numpy() for wave in waves], model.rate)
                found[name]["understood"] = agreement(heard, self._wanted)["accuracy"]
        metrics = found.pop("metrics") | {"tokens_per_second": model.rate / model.samples}
        codes = {name: value for name, value in self.brief(model).items() if name != "mel_distance"}
        return {"metrics": metrics | codes, "baselines": found}

    def _through(self, model: SoundTokeniser, clip: Tensor) -> Tensor:
        return model.decode(model.encode(clip[None], self.sounds.rate))[0, : len(clip)]


def vocoder_of(model: SoundTokeniser) -> Any:
    """What makes waves of spectrograms for this tokeniser: bands [1, bands, T] -> [1, T · hop]"""
    if model.vocoder is None:
        return lambda bands: untrained(bands, model.form.mel)
    return model.vocoder.generator


def _mean(bands: Tensor) -> Tensor:
    """The same spectrum all the time. [1, bands, T]"""
    return bands.mean(2, keepdim=True).expand_as(bands)


def _some(of: Sequence[T], most: int) -> list[T]:
    """So many of a list at most, evenly through it."""
    return [of[number] for number in torch.linspace(0, len(of) - 1, min(most, len(of))).round().long().tolist()]
