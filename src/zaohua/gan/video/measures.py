"""How clips are judged during a run, at its end and on demand: frame by frame, by how they move, and by whether what is
seen stays the same; beside real clips that were held back, and beside these in disorder."""

from functools import cached_property
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from zaohua.data.clips import Clips, Windows
from zaohua.data.progress import counters
from zaohua.errors import ZaohuaError
from zaohua.gan.images.measures import usual_extractor
from zaohua.gan.video.config import MeasureConfig
from zaohua.i18n import t
from zaohua.judges.extractor import Extractor, Reading, open_extractor
from zaohua.judges.motion import MOTION, motion_features, shuffled, still
from zaohua.judges.realism import realism_report
from zaohua.judges.scores import compare
from zaohua.metrics.distances import frechet_distance, moments

_LIGHT = "small-cnn"  # extractors so called read thousands of pictures in a second, others not a hundred
_REFERENCE, _REFERENCE_HEAVY = 2_000, 400  # real windows that generated ones are compared with
_FEWEST = 2  # windows on each side: of one there is no spread
_LOOKS = 4  # frames of a clip that the fresh classifier sees side by side
_FEWEST_REAL = 16  # of each kind that it needs


class Measures:
    """Of clips that imitate `clips`. count: how many an evaluation during a run wants; final: at its end."""

    def __init__(self, clips: Clips, config: MeasureConfig) -> None:
        self.clips, self.config = clips, config
        if min(len(clips.train), len(clips.validation)) < _FEWEST:
            both = len(clips.train_names) + len(clips.validation_names)
            raise ZaohuaError(t("clips.too_few", count=both, source=clips.report["source"]))
        source, size = clips.report["source"], clips.report["size"]
        usual = "small-cnn-mnist" if source == "builtin:moving-digits" else usual_extractor(source, size)
        self._name = config.extractor or usual
        self.count = config.samples
        self.final = min(config.final, len(clips.validation))

    @cached_property
    def extractor(self) -> Extractor:
        """Opened when it is first needed: its weights may have to be fetched."""
        return open_extractor(self._name)

    def begin(self) -> Reading:
        """What the judge sees in real frames, read now: a judge that cannot be had is missed before the training and
        not in the midst of it."""
        return self._reference

    def labels(self, count: int) -> Tensor | None:
        """Classes for clips to be measured, as frequent as in training: int64 [count]; None without classes."""
        labels = self.clips.train_labels
        if labels is None:
            return None
        chosen = np.random.default_rng(0).integers(0, len(labels), count)
        return labels[torch.from_numpy(chosen)]

    def brief(self, made: Tensor) -> dict[str, float]:
        """Of generated clips uint8 [N, T, C, H, W] against those trained on: fd_frames and fd_motion, Fréchet distances
        of single frames and of the motion; fd, their geometric mean, which a run is to lower."""
        frames = frechet_distance(moments(self._reference.features), moments(self._read(made).features))
        motion = frechet_distance(self._motion, moments(motion_features(made)))
        return {"fd": float(np.sqrt(frames * motion)), "fd_frames": frames, "fd_motion": motion}

    def whole(self, made: Tensor, *, visible: bool = False) -> dict[str, Any]:
        """ "scores": frames, every measure beside the floor (see zaohua.judges.scores.compare); "motion": see _moving;
        "realism": what a fresh classifier makes of four frames of each clip, unless the recipe leaves it out."""
        real = _some(self.clips.validation, len(made))
        made = made[: len(real)]
        seen, unseen = self._read(made), self._read(real)
        found = {
            "scores": compare(self._reference, unseen, seen, self.extractor.name),
            "motion": self._moving(made, real) | {"steady": {"value": _steady(seen), "floor": _steady(unseen)}},
        }
        windows = self.clips.train.spread(self._most)
        for pair in found["scores"]["nearest"]:  # two frames of each clip were read
            pair["sample"], window = pair["sample"] // 2, windows[pair["training"] // 2]
            pair["training"] = int(window)
            pair["name"] = self.clips.train_names[int(self.clips.train.clips[window])]
        if self.config.realism and min(len(made), len(self.clips.train) // 2) >= _FEWEST_REAL:
            with counters(visible=visible) as shown:
                bar = shown.add_task(t("gan.telling_apart"), total=None)
                found["realism"] = realism_report(
                    _side_by_side(_some(self.clips.train, _REFERENCE)),
                    _side_by_side(made),
                    steps=self.config.realism,
                    on_progress=lambda done, total: shown.update(bar, completed=done, total=total),
                )
        return found

    def _moving(self, made: Tensor, real: Tensor) -> dict[str, Any]:
        """fd: of the motion, of generated clips ("value"), of real ones held back ("floor"), and of these with their
        frames in disorder ("shuffled") or without any motion ("still"), which must be far worse. change: how much a
        frame differs from the next, of 255."""

        def distance(clips: Tensor) -> float:
            return frechet_distance(self._motion, moments(motion_features(clips)))

        return {
            "extractor": MOTION,
            "count": len(made),
            "fd": {
                "value": distance(made),
                "floor": distance(real),
                "shuffled": distance(shuffled(real)),
                "still": distance(still(real)),
            },
            "change": {"value": _change(made), "floor": _change(real)},
        }

    @property
    def _most(self) -> int:
        """Windows to train on whose frames are looked at."""
        return _REFERENCE if self._name.startswith(_LIGHT) else _REFERENCE_HEAVY

    @cached_property
    def _reference(self) -> Reading:
        """What the extractor sees in frames of clips trained on."""
        return self._read(_some(self.clips.train, self._most))

    @cached_property
    def _motion(self) -> Any:
        return moments(motion_features(_some(self.clips.train, _REFERENCE)))

    def _read(self, clips: Tensor) -> Reading:
        """The first and the last frame of each clip, in turn."""
        return self.extractor.read(clips[:, [0, -1]].flatten(0, 1))


def _some(windows: Windows, count: int) -> Tensor:
    return windows.at(windows.spread(count))


def _steady(reading: Reading) -> float:
    """How alike the first and the last frame of a clip are to the extractor: mean cosine of their features."""
    features = torch.from_numpy(reading.features)
    return F.cosine_similarity(features[::2], features[1::2]).mean().item()


def _change(clips: Tensor) -> float:
    return (clips[:, 1:].float() - clips[:, :-1].float()).abs().mean().item()


def _side_by_side(clips: Tensor) -> Tensor:
    """Some frames of each clip as one picture of many channels: uint8 [N, k · C, H, W]"""
    times = torch.linspace(0, clips.shape[1] - 1, min(_LOOKS, clips.shape[1])).round().long()
    return clips[:, times].flatten(1, 2)
