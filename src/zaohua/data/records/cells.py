"""Cells of a table: paths become things that can be opened, wherever they come from."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from zaohua.data.clip import Film
from zaohua.data.readers.base import SkippedFile
from zaohua.data.readers.films import read_film
from zaohua.data.readers.images import read_image
from zaohua.data.readers.sounds import read_sound
from zaohua.errors import one_line

if TYPE_CHECKING:
    from PIL.Image import Image

FILES = ("image", "audio", "video")


def opener(modality: str, path: Path) -> Callable[..., Any]:
    """How a file is opened: a picture for a side in pixels, a sound, or a film for a side in pixels."""
    opens: dict[str, Callable[..., Any]] = {"image": _picture, "audio": _sound, "video": _film}
    return partial(opens[modality], path)


def builtin_cells(name: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """The rows of a built-in set of pictures, sounds or clips, with where each stands. Columns: image, audio or video;
    text, where pictures have names of words; label; group."""
    from zaohua.data import builtin

    kind = builtin.SETS[name].modality if name in builtin.SETS else "pictures"  # which says what was meant
    if kind == "sounds":
        for sound in builtin.builtin_sounds(name):
            yield sound.name, {"audio": sound.open, "label": sound.label, "group": sound.voice}
    elif kind == "clips":
        for clip in builtin.builtin_clips(name):
            yield clip.name, {"video": clip.open, "label": clip.label, "group": clip.group}
    else:
        for one in builtin.builtin_pictures(name):
            words = one.name.partition(" ")[2]
            yield one.name, {"image": one.open, "text": words, "label": one.label, "group": one.group}


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as file:
            if not path.stat().st_size:
                raise SkippedFile("empty")
            yield file
    except FileNotFoundError as error:
        raise SkippedFile("missing") from error
    except (OSError, ValueError) as error:  # a name that no file can have, too
        raise SkippedFile("unreadable", one_line(error, 80)) from error


def _picture(path: Path, side: int) -> "Image":
    with _opened(path) as stream:
        return read_image(stream, path.name, side)


def _sound(path: Path) -> tuple[np.ndarray, int]:
    with _opened(path) as stream:
        return read_sound(stream, path.name)


@contextmanager
def _film(path: Path, side: int) -> Iterator[Film]:
    with _opened(path) as stream, read_film(stream, path.name, side) as film:
        yield film
