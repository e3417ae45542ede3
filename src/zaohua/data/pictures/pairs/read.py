"""From two sources to tensors: paired or not, made one size, parted, and told about."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from zaohua.data.examples import fingerprint
from zaohua.data.pictures.copies import across, groups, related
from zaohua.data.pictures.notes import facts_of, warnings_about
from zaohua.data.pictures.opening import Opened
from zaohua.data.pictures.pairs.config import PairConfig
from zaohua.data.pictures.pairs.partners import Pair, open_pairs
from zaohua.data.pictures.read import as_tensor, common_channels, find_copies, read_pictures
from zaohua.data.pictures.split import held_back
from zaohua.data.report import SourceReport
from zaohua.data.sides import sides_of
from zaohua.i18n import t

_UNLIKE = 0.02  # by which the proportions of two pictures may differ before they are said to


@dataclass(frozen=True)
class Side:
    """What is learnt from, or what is held back. inputs: uint8 [N, C, S, S]; targets: uint8 [M, C', S, S]; of pairs the
    n-th belongs to the n-th. input_names, target_names: where each stands in its source."""

    inputs: Tensor
    targets: Tensor
    input_names: list[str]
    target_names: list[str]


@dataclass(frozen=True)
class Pairs:
    """Both sides in memory. paired: whether the n-th input belongs to the n-th target. report: as that of
    zaohua.data.pictures.Pictures for the targets, and under "input" for what they are made from."""

    train: Side
    validation: Side
    paired: bool
    report: dict[str, Any]


def read_pairs(config: PairConfig, seed: int, *, alike: bool = False, visible: bool = False) -> Pairs:
    """Read, fit and split. alike: give both kinds as many channels as one of them has. visible: a progress bar on the
    terminal, if it takes more than a second.

    Copies, equal or nearly so, of a target or of an input are on one side, and what a source says belongs together.
    Raises UsageError or ZaohuaError, one line, if a source is wrong or holds too little.
    """
    found = (_paired if config.paired else _unpaired)(config, seed, visible)
    return _alike(found) if alike else found


def _paired(config: PairConfig, seed: int, visible: bool) -> Pairs:
    report = SourceReport()
    pairs = open_pairs(config.source, config.input, config, report, visible=visible)
    counted = len(pairs)
    if config.validation_source is not None:
        made_from = config.validation_input or config.input
        pairs += open_pairs(config.validation_source, made_from, config, report, visible=visible)
    inputs, targets = [pair.input for pair in pairs], [pair.target for pair in pairs]
    copies = find_copies(targets)
    alike = [find_copies(inputs), copies]
    together = [pair for kind in alike for pair in kind.pairs]
    if counted < len(pairs):
        held = np.arange(len(pairs)) >= counted
    else:
        belonging = groups(len(pairs), [*together, *related([one.picture.group for one in targets])])
        held = held_back(belonging, copies.digests, None, config.validation, seed)
    sides = sides_of(held, "pictures", config.source)
    channels = _channels(inputs, config.input_channels), _channels(targets, config.channels)
    facts = facts_of(config.pictures(config.source, config.channels), targets, report) | {
        "input": config.input,
        "paired": True,
        "input_channels": channels[0],
        "channels": channels[1],
        "pictures": {"train": len(sides[0]), "validation": len(sides[1])},
        "classes": {},
        **copies.facts([one.picture.name for one in targets]),
        "hash": fingerprint(_identity(pairs, sides, channels, config)),
    }
    facts["warnings"] = warnings_about(facts, targets, None, copies.exact, across(together, held)) + _unlike(pairs)
    parts = [_side([pairs[n] for n in side], channels, config) for side in sides]
    return Pairs(parts[0], parts[1], True, facts)


def _alike(pairs: Pairs) -> Pairs:
    channels = max(pairs.report["input_channels"], pairs.report["channels"])
    sides = [
        replace(side, inputs=_widened(side.inputs, channels), targets=_widened(side.targets, channels))
        for side in (pairs.train, pairs.validation)
    ]
    report = pairs.report | {"input_channels": channels, "channels": channels}
    return Pairs(sides[0], sides[1], pairs.paired, report)


def _widened(pictures: Tensor, channels: int) -> Tensor:
    """The same pictures with more channels, uint8 [N, C, H, W] -> [N, channels, H, W]: grey as colour, nothing to be
    seen through."""
    if pictures.shape[1] < min(channels, 3):
        pictures = pictures.repeat(1, 3, 1, 1)
    missing = channels - pictures.shape[1]
    return torch.cat((pictures, torch.full_like(pictures[:, :1], 255)), 1) if missing else pictures


def _channels(opened: Sequence[Opened], wanted: Literal["auto", 1, 3, 4]) -> int:
    return common_channels(opened) if wanted == "auto" else wanted


def _unlike(pairs: Sequence[Pair]) -> list[str]:
    """A warning if the two of a pair have other proportions, so that what is cut off differs."""
    ratios = [[one.original[0] / one.original[1] for one in (pair.input, pair.target)] for pair in pairs]
    unlike = [pair for pair, (a, b) in zip(pairs, ratios, strict=True) if abs(a / b - 1) > _UNLIKE]
    if not unlike:
        return []
    sizes = ["×".join(map(str, one.original)) for one in (unlike[0].input, unlike[0].target)]
    return [t("pairs.unlike", count=len(unlike), name=unlike[0].target.picture.name, one=sizes[0], other=sizes[1])]


def _identity(
    pairs: Sequence[Pair], sides: Sequence[np.ndarray], channels: tuple[int, int], config: PairConfig
) -> Iterator[str]:
    """All that decides what a network sees, part by part."""
    yield f"{channels} {config.background}"
    for side, numbers in enumerate(sides):
        for number in numbers:
            yield f"{side} {pairs[number].input.digest} {pairs[number].target.digest}"


def _side(pairs: Sequence[Pair], channels: tuple[int, int], config: PairConfig) -> Side:
    names = [[one.picture.name for one in kind] for kind in zip(*((p.input, p.target) for p in pairs), strict=True)]
    inputs = as_tensor([pair.input for pair in pairs], channels[0], config.pictures(config.input, "auto"))
    targets = as_tensor([pair.target for pair in pairs], channels[1], config.pictures(config.source, "auto"))
    return Side(inputs, targets, *names)


def _unpaired(config: PairConfig, seed: int, visible: bool) -> Pairs:
    """Each kind of picture parted by itself."""
    sources = (
        (config.input, config.input_channels, config.validation_input),
        (
            config.source,
            config.channels,
            config.validation_source,
        ),
    )
    made_from, made = (
        read_pictures(
            config.pictures(source, channels).model_copy(update={"validation_source": given}), seed, visible=visible
        )
        for source, channels, given in sources
    )
    own = made_from.report
    report = made.report | {
        "input": config.input,
        "paired": False,
        "input_channels": own["channels"],
        "input_pictures": own["pictures"],
        "hash": fingerprint([own["hash"], made.report["hash"]]),
        "warnings": [*own["warnings"], *made.report["warnings"]],
    }
    return Pairs(
        Side(made_from.train, made.train, made_from.train_names, made.train_names),
        Side(made_from.validation, made.validation, made_from.validation_names, made.validation_names),
        False,
        report,
    )
