"""From a source to tensors: opened, brought to one rate and size, parted, and told about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from zaohua.data.classes import numbered
from zaohua.data.clips.config import ClipConfig
from zaohua.data.clips.notes import facts_of, warnings_about
from zaohua.data.clips.opening import Opened, common_rate, open_all
from zaohua.data.clips.sources import clips_of
from zaohua.data.clips.windows import Windows, windows_of
from zaohua.data.pictures.copies import across, copies_among, groups, related
from zaohua.data.pictures.fit import grey
from zaohua.data.pictures.split import held_back
from zaohua.data.report import SourceReport
from zaohua.data.sides import class_counts, identity, sides_of

_GONE = np.empty((0, 0, 0, 0), np.uint8)


@dataclass(frozen=True)
class Clips:
    """Both sides in memory, in windows of equal length.

    train_labels, validation_labels: of each window, int64 [N], numbers of `classes`, or None. train_names,
    validation_names: where each clip stands in its source. fps: frames a second. report: JSON-able; what was read and
    skipped, rates, durations, copies, warnings, and `hash`, the identity of all of it.
    """

    train: Windows
    validation: Windows
    train_labels: Tensor | None
    validation_labels: Tensor | None
    classes: tuple[str, ...]
    train_names: list[str]
    validation_names: list[str]
    fps: float
    report: dict[str, Any]


def read_clips(config: ClipConfig, seed: int, *, visible: bool = False) -> Clips:
    """Read, bring to one rate and size, and split. visible: a progress bar on the terminal, if it takes over a second.

    Which side a clip is on, with all of its windows, depends on its content and the seed; copies of one clip are on the
    same side. Raises UsageError or ZaohuaError, one line, if the source is wrong or holds too little.
    """
    report = SourceReport()
    fps = _common_rate(config.source) if config.fps == "auto" else config.fps
    found = open_all(config.source, config, fps, report, visible=visible)
    given = open_all(config.validation_source, config, fps, report, visible=visible) if config.validation_source else []
    both = [*found, *given]
    classes, labels = numbered(_named(found), _named(given), config.classes, config.source)
    copies = copies_among([one.digest for one in both], [one.thumbnail for one in both])
    if given:
        held = np.arange(len(both)) >= len(found)
    else:
        pairs = [*copies.pairs, *related([one.clip.group for one in both])]
        held = held_back(groups(len(both), pairs), copies.digests, labels, config.validation, seed)
    sides = sides_of(held, "clips", config.source)
    channels = config.channels
    if channels == "auto":
        channels = 3 if any(one.frames.shape[3] == 3 for one in both) else 1
    facts = facts_of(config, both, report, fps) | {
        "channels": channels,
        "clips": {"train": len(sides[0]), "validation": len(sides[1])},
        "windows": dict(zip(("train", "validation"), (_windows(both, side, config) for side in sides), strict=True)),
        "classes": class_counts(classes, labels, sides[0]),
        **copies.facts([one.clip.name for one in both]),
        "hash": identity(f"{channels} {config.frames} {fps}", [one.digest for one in both], sides, labels),
    }
    facts["warnings"] = warnings_about(facts, both, across(copies.pairs, held))
    train, validation = ([both[number] for number in side] for side in sides)
    windows = [_moved_in(side, channels, config.frames) for side in (train, validation)]
    numbers = [None if labels is None else torch.from_numpy(labels[side]) for side in sides]
    return Clips(
        train=windows[0],
        validation=windows[1],
        train_labels=None if numbers[0] is None else numbers[0][windows[0].clips],
        validation_labels=None if numbers[1] is None else numbers[1][windows[1].clips],
        classes=classes,
        train_names=[one.clip.name for one in train],
        validation_names=[one.clip.name for one in validation],
        fps=fps,
        report=facts,
    )


def _common_rate(source: str) -> float:
    with clips_of(source, SourceReport()) as clips:
        return common_rate(clips)


def _named(opened: Sequence[Opened]) -> list[tuple[str, str]]:
    return [(one.clip.name, one.clip.label) for one in opened]


def _moved_in(clips: Sequence[Opened], channels: int, length: int) -> Windows:
    """Windows of the clips, in as many channels; the single clips are let go."""
    moving = [_with_channels(one.frames, channels) for one in clips]
    for one in clips:
        one.frames = _GONE
    return windows_of(moving, channels, length)


def _with_channels(frames: np.ndarray, channels: int) -> np.ndarray:
    return grey(frames) if channels == 1 and frames.shape[3] == 3 else frames


def _windows(both: Sequence[Opened], side: np.ndarray, config: ClipConfig) -> int:
    return sum(len(both[number].frames) - config.frames + 1 for number in side)
