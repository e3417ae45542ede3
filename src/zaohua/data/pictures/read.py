"""From a source to tensors: opened, made one size, parted, and told about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from zaohua.data.classes import numbered
from zaohua.data.pictures.config import PictureConfig
from zaohua.data.pictures.copies import Copies, across, copies_among, groups, related
from zaohua.data.pictures.fit import with_channels
from zaohua.data.pictures.notes import facts_of, warnings_about
from zaohua.data.pictures.opening import Opened, open_all
from zaohua.data.pictures.split import held_back
from zaohua.data.report import SourceReport
from zaohua.data.sides import class_counts, identity, sides_of

_GONE = np.empty((0, 0, 0), np.uint8)


@dataclass(frozen=True)
class Pictures:
    """Both sides in memory.

    train, validation: uint8 [N, C, H, W]. train_labels, validation_labels: int64 [N], numbers of `classes`, or None.
    train_names, validation_names: where each stands in its source. report: JSON-able; what was read and skipped, kinds,
    copies, warnings, and `hash`, the identity of all of it.
    """

    train: Tensor
    validation: Tensor
    train_labels: Tensor | None
    validation_labels: Tensor | None
    classes: tuple[str, ...]
    train_names: list[str]
    validation_names: list[str]
    report: dict[str, Any]


def read_pictures(config: PictureConfig, seed: int, *, visible: bool = False) -> Pictures:
    """Read, fit and split. visible: a progress bar on the terminal, if it takes more than a second.

    Which side a picture is on depends on its content and the seed; copies of one picture are on the same side.
    Raises UsageError or ZaohuaError, one line, if the source is wrong or holds too little.
    """
    report = SourceReport()
    found = open_all(config.source, config, report, visible=visible)
    given = open_all(config.validation_source, config, report, visible=visible) if config.validation_source else []
    both = [*found, *given]
    classes, labels = numbered(_named(found), _named(given), config.classes, config.source)
    copies = find_copies(both)
    if given:
        held = np.arange(len(both)) >= len(found)
    else:
        pairs = [*copies.pairs, *related([one.picture.group for one in both])]
        held = held_back(groups(len(both), pairs), copies.digests, labels, config.validation, seed)
    sides = sides_of(held, "pictures", config.source)
    channels = common_channels(both) if config.channels == "auto" else config.channels
    facts = facts_of(config, both, report) | {
        "channels": channels,
        "pictures": {"train": len(sides[0]), "validation": len(sides[1])},
        "classes": class_counts(classes, labels, sides[0]),
        **copies.facts([one.picture.name for one in both]),
        "hash": identity(f"{channels} {config.background}", [one.digest for one in both], sides, labels),
    }
    facts["warnings"] = warnings_about(facts, both, labels, copies.exact, across(copies.pairs, held))
    train, validation = ([both[number] for number in side] for side in sides)
    return Pictures(
        train=as_tensor(train, channels, config),
        validation=as_tensor(validation, channels, config),
        train_labels=None if labels is None else torch.from_numpy(labels[sides[0]]),
        validation_labels=None if labels is None else torch.from_numpy(labels[sides[1]]),
        classes=classes,
        train_names=[one.picture.name for one in train],
        validation_names=[one.picture.name for one in validation],
        report=facts,
    )


def find_copies(opened: Sequence[Opened]) -> Copies:
    """Copies among pictures, looked for by content."""
    return copies_among([one.digest for one in opened], [one.thumbnail for one in opened])


def _named(opened: Sequence[Opened]) -> list[tuple[str, str]]:
    return [(one.picture.name, one.picture.label) for one in opened]


def common_channels(opened: Sequence[Opened]) -> int:
    """4 if half of the pictures can be seen through, 3 if any is coloured, else 1."""
    if 2 * sum(one.pixels.shape[2] == 4 for one in opened) >= len(opened):
        return 4
    return 3 if any(one.coloured for one in opened) else 1


def as_tensor(opened: Sequence[Opened], channels: int, config: PictureConfig) -> Tensor:
    """uint8 [N, C, H, W]; the single pictures are let go as they move in."""
    tensor = torch.empty(len(opened), channels, config.size, config.size, dtype=torch.uint8)
    for row, one in zip(tensor.numpy(), opened, strict=True):
        row[:] = with_channels(one.pixels, channels, config.background).transpose(2, 0, 1)
        one.pixels = _GONE
    return tensor
