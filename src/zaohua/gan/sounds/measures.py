"""How sounds are judged during a run, at its end and on demand, and what real ones that were held back score beside
them.

Distances are of small log-mel spectrograms, 16 bands by 16 moments: what is heard when.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from zaohua.data.order import sample_numbers
from zaohua.data.sounds import Sounds
from zaohua.errors import ZaohuaError
from zaohua.gan.sounds.config import MeasureConfig
from zaohua.gan.sounds.forms import Form, stacked
from zaohua.gan.sounds.model import SoundModel
from zaohua.i18n import t
from zaohua.judges.extractor import Reading
from zaohua.judges.realism import realism_report
from zaohua.judges.scores import compare
from zaohua.judges.speech import SpeechJudge, agreement, words_to_hear
from zaohua.metrics.distances import frechet_distance, moments

EXTRACTOR = "log-mel-16x16"
_CELLS = 16
_SIDE = 32  # pixels of the spectra that the fresh classifier is shown
_MOST_HEARD = 1_000  # real recordings that the recogniser listens to
_FEWEST = 2  # on each side: of one there is no spread
_FEWEST_REAL = 32  # that the fresh classifier needs


def features(heard: Tensor) -> np.ndarray:
    """Mean of 16 × 16 cells, in nats. [B, bands, moments] -> float32 [B, 256]"""
    return F.adaptive_avg_pool2d(heard[:, None].float(), _CELLS).flatten(1).cpu().numpy()


class Measures:
    """Of sounds that imitate `sounds`. train, held_out: these in the form in which the networks see them."""

    def __init__(self, sounds: Sounds, form: Form, config: MeasureConfig) -> None:
        self.sounds, self.form, self.config = sounds, form, config
        if min(len(sounds.train), len(sounds.validation)) < _FEWEST:
            both = len(sounds.train) + len(sounds.validation)
            raise ZaohuaError(t("sounds.too_few", count=both, source=sounds.report["source"]))
        self.train, self.held_out = (form.encode(stacked(of, form.length)) for of in (sounds.train, sounds.validation))
        self._reference, self._unseen = features(form.heard(self.train)), features(form.heard(self.held_out))
        self._moments = moments(self._reference)
        self._words = words_to_hear(sounds.classes, config.speech)

    def labels(self, count: int) -> Tensor | None:
        """Classes for sounds to be measured, as frequent as in training: int64 [count]; None without classes."""
        labels = self.sounds.train_labels
        return None if labels is None else labels[torch.from_numpy(sample_numbers(0, 0, count, len(labels)))]

    def brief(self, samples: Tensor) -> dict[str, float]:
        """fd: Fréchet distance of generated sounds to those trained on."""
        return {"fd": frechet_distance(self._moments, moments(features(self.form.heard(samples))))}

    def whole(self, model: SoundModel, samples: Tensor, labels: Tensor | None) -> dict[str, Any]:
        """ "scores": every measure beside the floor (see zaohua.judges.scores.compare); "realism": what a fresh
        classifier makes of the spectra as pictures (zaohua.judges.realism); "speech": what PocketSphinx understands,
        where the classes are words. samples: made by the model under these labels."""
        heard = self.form.heard(samples)
        reference, unseen, fake = (_reading(of) for of in (self._reference, self._unseen, features(heard)))
        scores = compare(reference, unseen, fake, EXTRACTOR)
        del scores["class_score"]  # no classifier looks at these features
        for pair in scores["nearest"]:
            pair["name"] = self.sounds.train_names[pair["training"]]
        found: dict[str, Any] = {"samples": len(samples), "scores": scores}
        if self.config.realism and len(self.train) >= _FEWEST_REAL:
            found["realism"] = self._realism(heard)
        if self._words and labels is not None:
            found["speech"] = self._speech(model, samples, [self._words[number] for number in labels.tolist()])
        return found

    def _realism(self, made: Tensor) -> dict[str, float]:
        real = self.form.heard(self.train)
        low, high = float(real.min()), float(real.max())
        small = [F.adaptive_avg_pool2d((of[:, None] - low) / (high - low), _SIDE) for of in (real, made)]
        pictures = [(255 * of.clamp(0, 1)).round().to(torch.uint8) for of in small]
        return realism_report(*pictures, steps=self.config.realism)

    def _speech(self, model: SoundModel, samples: Tensor, wanted: Sequence[str]) -> dict[str, Any]:
        """Of what was made, of real sounds held back, and of these through the model's form of sound and back: what
        Griffin-Lim costs."""
        judge, through = SpeechJudge(self._words), self.held_out[:_MOST_HEARD]
        real = [wave.numpy() for wave in self.sounds.validation[:_MOST_HEARD]]
        assert self.sounds.validation_labels is not None
        of_real = [self._words[number] for number in self.sounds.validation_labels[:_MOST_HEARD].tolist()]
        return {
            "judge": judge.name,
            "generated": agreement(judge.heard(model.waves(samples), model.rate), wanted),
            "real": agreement(judge.heard(real, model.rate), of_real),
            "through": agreement(judge.heard(model.waves(through), model.rate), of_real),
        }


def _reading(of: np.ndarray) -> Reading:
    return Reading(of, np.ones((len(of), 1), np.float32))
