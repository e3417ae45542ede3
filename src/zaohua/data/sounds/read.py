"""From a source to waves: opened, made alike, parted, and told about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from zaohua.data.classes import classes_of, numbered
from zaohua.data.pictures.copies import across, copies_among, groups
from zaohua.data.pictures.split import held_back
from zaohua.data.report import SourceReport
from zaohua.data.sides import class_counts, identity, sides_of
from zaohua.data.sounds.config import SoundConfig
from zaohua.data.sounds.names import classes_in
from zaohua.data.sounds.notes import facts_of, warnings_about
from zaohua.data.sounds.opening import Opened, common_rate, made, open_all
from zaohua.data.sounds.voices import heard, voices_held_back, voices_of
from zaohua.errors import ZaohuaError
from zaohua.i18n import t


@dataclass(frozen=True)
class Sounds:
    """Both sides in memory.

    train, validation: float32 [T] each, full scale being 1, all of one length if the recipe names one. rate: their
    samples per second. train_labels, validation_labels: int64 [N], numbers of `classes`, or None. train_names,
    validation_names: where each stands in its source. report: JSON-able; what was read and skipped, durations, copies,
    warnings, and `hash`, the identity of all of it.
    """

    train: list[Tensor]
    validation: list[Tensor]
    rate: int
    train_labels: Tensor | None
    validation_labels: Tensor | None
    classes: tuple[str, ...]
    train_names: list[str]
    validation_names: list[str]
    report: dict[str, Any]


def read_sounds(config: SoundConfig, seed: int, *, visible: bool = False) -> Sounds:
    """Read, make alike and split. visible: a progress bar on the terminal, if it takes more than a second.

    Which side a sound is on depends on its voice, or where none is known on its content, and on the seed; copies of
    one sound are on the same side. Raises UsageError or ZaohuaError, one line, if the source is wrong or holds too
    little.
    """
    report = SourceReport()
    found = open_all(config.source, report, visible=visible)
    given = open_all(config.validation_source, report, visible=visible) if config.validation_source else []
    rate = common_rate(found) if config.rate == "auto" else config.rate
    both = made([*found, *given], config, rate, visible=visible)
    classes, labels = _labels(both[: len(found)], both[len(found) :], config)
    copies = copies_among([one.digest for one in both], [one.thumbnail for one in both])
    voices = voices_of([one.sound for one in both]) if config.voices == "apart" else []
    if given:
        held = np.arange(len(both)) >= len(found)
    elif voices:
        held = voices_held_back(voices, config.validation, seed)
    else:
        held = held_back(groups(len(both), copies.pairs), copies.digests, labels, config.validation, seed)
    sides = sides_of(held, "sounds", config.source)
    facts = facts_of(config, both, report, rate) | {
        "sounds": {"train": len(sides[0]), "validation": len(sides[1])},
        "classes": class_counts(classes, labels, sides[0]),
        "voices": {"train": heard(voices, sides[0]), "validation": heard(voices, sides[1])},
        **copies.facts([one.sound.name for one in both]),
        "hash": identity(str(rate), [one.digest for one in both], sides, labels),
    }
    facts["warnings"] = warnings_about(facts, both, labels, copies.exact, across(copies.pairs, held))
    train, validation = ([both[number] for number in side] for side in sides)
    return Sounds(
        train=[torch.from_numpy(one.wave) for one in train],
        validation=[torch.from_numpy(one.wave) for one in validation],
        rate=rate,
        train_labels=None if labels is None else torch.from_numpy(labels[sides[0]]),
        validation_labels=None if labels is None else torch.from_numpy(labels[sides[1]]),
        classes=classes,
        train_names=[one.sound.name for one in train],
        validation_names=[one.sound.name for one in validation],
        report=facts,
    )


def _labels(
    found: Sequence[Opened], given: Sequence[Opened], config: SoundConfig
) -> tuple[tuple[str, ...], np.ndarray | None]:
    """The classes, and the number of each sound's, int64 [N]; (), None if there are none."""
    names, given_names = ([one.sound.name for one in part] for part in (found, given))
    said, given_said = ([one.sound.label for one in part] for part in (found, given))
    wanted = config.classes
    if wanted in ("auto", "names"):
        by_folder = classes_of(said, names, "auto", config.source)[0] if wanted == "auto" else ()
        in_names = [] if by_folder else classes_in(names)
        if wanted == "names" and not in_names:
            raise ZaohuaError(t("sounds.no_class_in_names", name=names[0]))
        if in_names:
            said, wanted = in_names, True
            given_said = classes_in(given_names) or given_said
    assert wanted != "names"
    named = list(zip(names, said, strict=True)), list(zip(given_names, given_said, strict=True))
    return numbered(*named, wanted, config.source)
