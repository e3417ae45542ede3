"""All pictures of a source, opened side by side and fitted at once, so that no large picture stays in memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image

from zaohua.data.opening import open_side_by_side
from zaohua.data.picture import Picture
from zaohua.data.pictures.config import PictureConfig
from zaohua.data.pictures.copies import thumbnail
from zaohua.data.pictures.fit import fitted, is_coloured
from zaohua.data.pictures.sources import pictures_of
from zaohua.data.readers.base import SkippedFile
from zaohua.data.report import SourceReport
from zaohua.data.spool import content_digest
from zaohua.errors import ZaohuaError
from zaohua.i18n import t
from zaohua.machine import available_memory


@dataclass(slots=True)
class Opened:
    """A picture in its final size, with as many channels as it needs, and what is known about it."""

    picture: Picture
    pixels: np.ndarray  # uint8 [S, S, C]
    original: tuple[int, int]  # width, height
    coloured: bool
    thumbnail: np.ndarray  # float32 [256]
    digest: tuple[int, int]


def open_all(source: str, config: PictureConfig, report: SourceReport, *, visible: bool) -> list[Opened]:
    """The pictures of a source in its order; what cannot be opened goes into the report.

    Raises ZaohuaError if none can, or if there are more of them than memory holds.
    """
    with pictures_of(source, report, labelled=config.classes is not False) as pictures:
        return open_pictures(pictures, source, config, report, visible=visible)


def open_pictures(
    pictures: Sequence[Picture], source: str, config: PictureConfig, report: SourceReport, *, visible: bool
) -> list[Opened]:
    """The same of pictures that were listed before; source: what errors call the place they come from."""
    check_memory(len(pictures), config)
    return open_side_by_side("pictures", source, pictures, partial(_open, config=config), report, visible=visible)


def check_memory(count: int, config: PictureConfig) -> None:
    """Raise ZaohuaError if memory does not hold so many pictures."""
    channels = 3 if config.channels == "auto" else config.channels
    needed, free = count * config.size**2 * channels, available_memory()
    if needed > free:
        gigabytes = {"needed": f"{needed / 1e9:.1f}", "free": f"{free / 1e9:.1f}"}
        raise ZaohuaError(t("pictures.memory", count=count, size=config.size, **gigabytes))


def _open(picture: Picture, config: PictureConfig) -> Opened | SkippedFile:
    try:
        image = picture.open(config.size)
    except SkippedFile as skipped:
        return skipped
    return fitted_picture(picture, image, config)


def fitted_picture(picture: Picture, image: Image.Image, config: PictureConfig) -> Opened:
    """A picture that has been decoded, made the size that is wanted and looked at."""
    pixels = fitted(image, config.size, config.fit, config.background, transparent=config.channels == 4)
    return described(picture, pixels, image.info.get("original", image.size))


def described(picture: Picture, pixels: np.ndarray, original: tuple[int, int]) -> Opened:
    """A picture in its final size, looked at. pixels: uint8 [S, S, C]"""
    digest = content_digest(bytes([pixels.shape[2]]) + pixels.tobytes())
    return Opened(picture, pixels, original, is_coloured(pixels), thumbnail(pixels), digest)
