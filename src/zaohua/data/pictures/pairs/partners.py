"""Every picture with its partner: by equal names, by halves, or by a filter."""

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

from zaohua.data.opening import open_side_by_side
from zaohua.data.picture import Picture
from zaohua.data.pictures.config import PictureConfig
from zaohua.data.pictures.filters import FILTERS
from zaohua.data.pictures.opening import Opened, check_memory, described, fitted_picture, open_pictures
from zaohua.data.pictures.pairs.config import HALVES, PairConfig
from zaohua.data.pictures.sources import KINDS, pictures_of
from zaohua.data.readers.base import SkippedFile
from zaohua.data.report import SourceReport
from zaohua.data.sources import parse_source
from zaohua.errors import ZaohuaError
from zaohua.i18n import t


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures of one thing."""

    input: Opened
    target: Opened


def open_pairs(source: str, made_from: str, config: PairConfig, report: SourceReport, *, visible: bool) -> list[Pair]:
    """The pairs of a source of targets and of what they are made from, in the order of the targets.

    What cannot be opened or has no partner goes into the report. Raises UsageError for a source that is wrong,
    ZaohuaError where no pair is left.
    """
    kinds = config.pictures(made_from, config.input_channels), config.pictures(source, config.channels)
    if made_from not in (*HALVES, *FILTERS):
        parse_source(made_from, KINDS, "pairs.unknown_input")
    with ExitStack() as stack:
        targets = stack.enter_context(pictures_of(source, report))
        opened = partial(_opened, report=report, visible=visible)
        if made_from in FILTERS:
            found = opened(targets, source, kinds[1])
            return [Pair(_filtered(target, made_from), target) for target in found.values()]
        if made_from in HALVES:
            check_memory(2 * len(targets), kinds[0])
            work = partial(_halves, first=made_from, kinds=kinds)
            return open_side_by_side("pictures", source, targets, work, report, visible=visible)
        inputs = stack.enter_context(pictures_of(made_from, report))
        inputs, targets = _matched(inputs, targets, made_from, source, report)
        both = opened(inputs, made_from, kinds[0]), opened(targets, source, kinds[1])
    pairs = [
        Pair(both[0][one.name], both[1][other.name])
        for one, other in zip(inputs, targets, strict=True)
        if one.name in both[0] and other.name in both[1]
    ]
    if not pairs:
        raise ZaohuaError(t("pairs.none_whole", input=made_from, source=source))
    return pairs


def _opened(
    pictures: Sequence[Picture], source: str, config: PictureConfig, report: SourceReport, visible: bool
) -> dict[str, Opened]:
    return {one.picture.name: one for one in open_pictures(pictures, source, config, report, visible=visible)}


def _filtered(target: Opened, name: str) -> Opened:
    return described(target.picture, FILTERS[name](target.pixels), target.original)


def _halves(picture: Picture, first: str, kinds: tuple[PictureConfig, PictureConfig]) -> Pair | SkippedFile:
    """A picture of two side by side. first: the half that the other is made from."""
    try:
        image = picture.open(2 * kinds[0].size)
    except SkippedFile as skipped:
        return skipped
    middle = image.width // 2
    if not middle:
        return SkippedFile("malformed")
    halves = [image.crop((x, 0, x + middle, image.height)) for x in (0, middle)]
    for half in halves:
        half.info["original"] = half.size
    made = zip(halves if first == HALVES[0] else halves[::-1], kinds, strict=True)
    return Pair(*(fitted_picture(picture, half, kind) for half, kind in made))


def _matched(
    inputs: Sequence[Picture], targets: Sequence[Picture], made_from: str, source: str, report: SourceReport
) -> tuple[list[Picture], list[Picture]]:
    """Those whose names, without the suffix of a file, stand in both sources."""
    for pictures, place in ((inputs, made_from), (targets, source)):
        if not pictures:
            raise ZaohuaError(t("pictures.none", source=place, reasons=""))
    partners = _by_name(inputs, made_from)
    named = _by_name(targets, source)
    common = [name for name in named if name in partners]
    if not common:
        examples = {"one": inputs[0].name, "other": targets[0].name}
        raise ZaohuaError(t("pairs.no_common_name", input=made_from, source=source, **examples))
    for name in (*partners.keys() - named.keys(), *named.keys() - partners.keys()):
        report.skip((partners.get(name) or named[name]).name, "no_partner")
    return [partners[name] for name in common], [named[name] for name in common]


def _by_name(pictures: Sequence[Picture], source: str) -> dict[str, Picture]:
    suffixes = not source.startswith("builtin:")  # names there are no names of files
    keys = [PurePosixPath(one.name).with_suffix("").as_posix() if suffixes else one.name for one in pictures]
    name, count = Counter(keys).most_common(1)[0]
    if count > 1:
        raise ZaohuaError(t("pairs.same_name", source=source, name=name, count=count))
    return dict(zip(keys, pictures, strict=True))
