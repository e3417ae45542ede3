"""How pictures are judged during a run, at its end and on demand: by which extractor, beside which real pictures."""

import hashlib
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Tensor

from zaohua.data.order import sample_numbers
from zaohua.data.pictures import Pictures
from zaohua.data.progress import counters
from zaohua.data.wheels import cache_folder
from zaohua.files import new_file
from zaohua.gan.images.config import MeasureConfig
from zaohua.i18n import t
from zaohua.judges.agreement import agreement_report
from zaohua.judges.extractor import Extractor, Reading, open_extractor
from zaohua.judges.realism import realism_report
from zaohua.judges.scores import compare
from zaohua.metrics.distances import frechet_distance, moments
from zaohua.metrics.neighbours import NEIGHBOURS, precision_recall_density_coverage

_REFERENCE, _REFERENCE_DURING = 10_000, 2_000  # real pictures compared with at the end and at each evaluation of a run
_REALISM = 5_000  # generated pictures that the fresh classifier is shown
_SAMPLES = {"small-cnn": 1_000, "efficientnet": 256}  # pictures made for such an evaluation, by what the reading costs
_SMALL = 32  # pixels up to which ImageNet's judge need not look in detail


def usual_extractor(source: str, size: int) -> str:
    """The judge for pictures of this source and side: a classifier of its own for what is MNIST or Fashion-MNIST by its
    name, else ImageNet's."""
    named = source.lower()
    if "fashion" in named:
        return "small-cnn-fashion"
    if named == "builtin:digits" or "mnist" in named:
        return "small-cnn-mnist"
    return "efficientnet-lite0-64" if size <= _SMALL else "efficientnet-lite0-128"


class Measures:
    """Of pictures that imitate `pictures`. count: how many an evaluation during a run wants; final: at its end."""

    def __init__(self, pictures: Pictures, config: MeasureConfig) -> None:
        self.pictures, self.config = pictures, config
        self._name = config.extractor or usual_extractor(pictures.report["source"], pictures.report["size"])
        usual = [count for family, count in _SAMPLES.items() if self._name.startswith(family)]
        self.count = config.samples or (usual[0] if usual else _SAMPLES["efficientnet"])
        self._held_out = min(len(pictures.validation), config.final)
        self.final = max(self._held_out, _REALISM if config.realism else 0)
        self._references: dict[int, Reading] = {}

    @cached_property
    def extractor(self) -> Extractor:
        """Opened when it is first needed: its weights may have to be fetched."""
        return open_extractor(self._name)

    def begin(self, *, visible: bool = False) -> None:
        """Read the real pictures now: a judge that cannot be had is missed before the training and not in the midst of
        it, and no evaluation takes longer than the next."""
        with counters(visible=visible) as shown:
            bar = shown.add_task(t("gan.measuring"), total=min(_REFERENCE_DURING, len(self._order)))
            self._reference(_REFERENCE_DURING, on_progress=lambda done: shown.update(bar, completed=done))

    def labels(self, count: int) -> Tensor | None:
        """Classes for pictures to be measured, as frequent as in training: int64 [count]; None without classes."""
        labels = self.pictures.train_labels
        return None if labels is None else labels[torch.from_numpy(sample_numbers(0, 0, count, len(labels)))]

    def brief(self, made: Tensor) -> dict[str, float]:
        """fd, precision, recall, density and coverage of generated pictures uint8 [N, C, H, W] against some of those
        trained on; quick, and comparable within a run alone."""
        reference, read = self._reference(_REFERENCE_DURING).features, self.extractor.read(made).features
        k = min(NEIGHBOURS, len(reference) - 1, len(read) - 1)
        fd = frechet_distance(moments(reference), moments(read))
        return {"fd": fd, **precision_recall_density_coverage(reference, read, k=k)}

    def whole(self, made: Tensor, labels: Tensor | None = None, *, visible: bool = False) -> dict[str, Any]:
        """Every measure beside the floor as "scores" (see zaohua.judges.scores.compare), with labels, the classes they
        were made as, int64 [N], also "agreement" (zaohua.judges.agreement); as "realism" what a fresh classifier makes
        of them (zaohua.judges.realism), unless the recipe leaves it out."""
        unseen = _shuffled(len(self.pictures.validation))[: self._held_out]
        held_out = self.pictures.validation[unseen]
        with counters(visible=visible) as shown:
            bar = shown.add_task(t("gan.measuring"), total=2 * len(held_out))

            def tell(done: int) -> None:
                shown.update(bar, completed=done)

            fake = self.extractor.read(made[: len(held_out)], on_progress=tell)
            real = self.extractor.read(held_out, on_progress=lambda done: tell(len(held_out) + done))
            reference = self._reference(_REFERENCE)
            found = {"scores": compare(reference, real, fake, self.extractor.name)}
            if labels is not None and self.pictures.train_labels is not None:
                assert self.pictures.validation_labels is not None
                found["scores"]["agreement"] = agreement_report(
                    (reference.features, self.pictures.train_labels[self._order[: len(reference.features)]]),
                    (fake.features, labels[: len(held_out)].cpu()),
                    (real.features, self.pictures.validation_labels[unseen]),
                )
            for pair in found["scores"]["nearest"]:
                pair["training"] = int(self._order[pair["training"]])
            if self.config.realism:
                bar = shown.add_task(t("gan.telling_apart"), total=None)
                found["realism"] = realism_report(
                    self.pictures.train,
                    made,
                    steps=self.config.realism,
                    on_progress=lambda done, total: shown.update(bar, completed=done, total=total),
                )
        return found

    @cached_property
    def _order(self) -> Tensor:
        """The training pictures in a random order: as many of them as are wanted are the reference."""
        return _shuffled(len(self.pictures.train))

    def _reference(self, most: int, on_progress: Callable[[int], None] = lambda done: None) -> Reading:
        """What the extractor sees in up to so many training pictures; kept in the cache folder for the next run."""
        count = min(most, len(self._order))
        if count not in self._references:
            key = f"{self.pictures.report['hash']} {self.extractor.name} {count}"
            file = cache_folder() / "readings" / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.npz"
            found = _kept(file)
            if found is None:
                found = self.extractor.read(self.pictures.train[self._order[:count]], on_progress=on_progress)
                with new_file(file) as target, target.open("wb") as stream:
                    np.savez(stream, features=found.features, probabilities=found.probabilities)
            self._references[count] = found
        return self._references[count]


def _shuffled(count: int) -> Tensor:
    """Sets are often sorted by class, and a part of one must not be."""
    return torch.from_numpy(np.random.default_rng(0).permutation(count))


def _kept(file: Path) -> Reading | None:
    """What an earlier run has left in the cache, if it is whole."""
    try:
        with np.load(file, allow_pickle=False) as held:
            return Reading(held["features"], held["probabilities"])
    except (OSError, ValueError, KeyError, BadZipFile):
        return None
