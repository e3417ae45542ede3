"""From a source to tensors: opened, made one size, parted, and told about."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from zaohua.data.examples import fingerprint
from zaohua.data.pictures.classes import classes_of, known_classes
from zaohua.data.pictures.config import PictureConfig
from zaohua.data.pictures.copies import groups, near_copies
from zaohua.data.pictures.fit import with_channels
from zaohua.data.pictures.notes import facts_of, warnings_about
from zaohua.data.pictures.opening import Opened, open_all
from zaohua.data.pictures.split import held_back
from zaohua.data.report import SourceReport
from zaohua.errors import ZaohuaError
from zaohua.i18n import t

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
    classes, labels = _labels(found, given, config)
    copies = _copies(both)
    if given:
        held = np.arange(len(both)) >= len(found)
    else:
        pairs = [*copies.exact.items(), *copies.near.items(), *_related(both)]
        held = held_back(groups(len(both), pairs), copies.digests, labels, config.validation, seed)
    sides = [np.flatnonzero(~held), np.flatnonzero(held)]
    if not all(map(len, sides)):
        raise ZaohuaError(t("pictures.too_few", count=len(both), source=config.source))
    channels = _channels(both) if config.channels == "auto" else config.channels
    facts = facts_of(config, both, report) | {
        "channels": channels,
        "pictures": {"train": len(sides[0]), "validation": len(sides[1])},
        "classes": _counts(classes, labels, sides[0]),
        "copies": {"exact": len(copies.exact), "near": len(copies.near)},
        "near_duplicates": [[both[n].picture.name for n in pair] for pair in list(copies.near.items())[:5]],
        "hash": fingerprint(_identity(both, sides, labels, channels, config.background)),
    }
    across = [(later, first) for later, first in (copies.exact | copies.near).items() if held[later] != held[first]]
    facts["warnings"] = warnings_about(facts, both, labels, copies.exact, across)
    train, validation = ([both[number] for number in side] for side in sides)
    return Pictures(
        train=_tensor(train, channels, config),
        validation=_tensor(validation, channels, config),
        train_labels=None if labels is None else torch.from_numpy(labels[sides[0]]),
        validation_labels=None if labels is None else torch.from_numpy(labels[sides[1]]),
        classes=classes,
        train_names=[one.picture.name for one in train],
        validation_names=[one.picture.name for one in validation],
        report=facts,
    )


@dataclass(frozen=True)
class _Copies:
    digests: np.ndarray  # uint64 [N, 2]
    exact: dict[int, int]  # number of a copy -> of the first picture like it
    near: dict[int, int]


def _copies(opened: Sequence[Opened]) -> _Copies:
    digests = np.array([one.digest for one in opened], dtype=np.uint64)
    first: dict[tuple[int, int], int] = {}
    earliest = [first.setdefault(one.digest, number) for number, one in enumerate(opened)]
    exact = {number: one for number, one in enumerate(earliest) if one < number}
    distinct = np.array(list(first.values()))
    near = near_copies(np.stack([opened[number].thumbnail for number in distinct]))
    return _Copies(digests, exact, {int(distinct[later]): int(distinct[one]) for later, one in near.items()})


def _related(opened: Sequence[Opened]) -> list[tuple[int, int]]:
    """Pairs of pictures whose source says that they belong together."""
    first: dict[str, int] = {}
    grouped = [(number, one.picture.group) for number, one in enumerate(opened) if one.picture.group]
    return [(first.setdefault(group, number), number) for number, group in grouped]


def _labels(
    found: Sequence[Opened], given: Sequence[Opened], config: PictureConfig
) -> tuple[tuple[str, ...], np.ndarray | None]:
    """The classes, and the number of each picture's, int64 [N]; (), None if there are none."""
    labels, names = [one.picture.label for one in found], [one.picture.name for one in found]
    classes, named = classes_of(labels, names, config.classes, config.source)
    if not classes:
        return (), None
    named += known_classes([one.picture.label for one in given], [one.picture.name for one in given], classes)
    number = {name: number for number, name in enumerate(classes)}
    return classes, np.array([number[name] for name in named], dtype=np.int64)


def _counts(classes: Sequence[str], labels: np.ndarray | None, side: np.ndarray) -> dict[str, int]:
    """Pictures of each class on one side; empty without classes."""
    if labels is None:
        return {}
    return dict(zip(classes, np.bincount(labels[side], minlength=len(classes)).tolist(), strict=True))


def _channels(opened: Sequence[Opened]) -> int:
    """4 if half of the pictures can be seen through, 3 if any is coloured, else 1."""
    if 2 * sum(one.pixels.shape[2] == 4 for one in opened) >= len(opened):
        return 4
    return 3 if any(one.coloured for one in opened) else 1


def _tensor(opened: Sequence[Opened], channels: int, config: PictureConfig) -> Tensor:
    """uint8 [N, C, H, W]; the single pictures are let go as they move in."""
    tensor = torch.empty(len(opened), channels, config.size, config.size, dtype=torch.uint8)
    for row, one in zip(tensor.numpy(), opened, strict=True):
        row[:] = with_channels(one.pixels, channels, config.background).transpose(2, 0, 1)
        one.pixels = _GONE
    return tensor


def _identity(
    opened: Sequence[Opened],
    sides: Sequence[np.ndarray],
    labels: np.ndarray | None,
    channels: int,
    background: Sequence[int],
) -> Iterator[str]:
    """All that decides what a network sees, part by part."""
    yield f"{channels} {background}"
    for side, numbers in enumerate(sides):
        for number in numbers:
            yield f"{side} {None if labels is None else labels[number]} {opened[number].digest}"
