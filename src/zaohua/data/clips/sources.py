"""Where clips come from: a folder, a zip archive, a built-in set.

Pictures that lie together in a folder are the frames of one clip, in the order of their names, numbers by value; every
other file that is not hidden is tried as a film. What is none is skipped and listed.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import groupby

from PIL import Image

from zaohua.data.clip import Clip, Film
from zaohua.data.readers.films import read_film
from zaohua.data.readers.images import read_image
from zaohua.data.report import SourceReport
from zaohua.data.sources import existing, parse_source
from zaohua.data.stored import Stored, stored_files

KINDS = ("folder", "zip", "builtin")
_FRAMES = ("png", "jpg", "jpeg", "bmp", "tif", "tiff", "ppm", "pgm")


@contextmanager
def clips_of(source: str, report: SourceReport) -> Iterator[list[Clip]]:
    """The clips of a source, in a fixed order, to be opened within the block.

    report: takes what was left out. Raises UsageError for a source that is wrong, ZaohuaError for one that cannot be
    read.
    """
    kind, where = parse_source(source, KINDS, "clips.unknown_source")
    if kind == "builtin":
        from zaohua.data.builtin import builtin_clips

        yield builtin_clips(where)
        return
    with stored_files(kind, existing(kind, where), report) as files:
        yield clips_among(files)


def clips_among(files: Sequence[Stored]) -> list[Clip]:
    """Each file as a clip, but those that are frames of one, sorted by name."""
    return sorted([*_films(files), *_folders(files)], key=lambda clip: clip.name)


def _films(files: Sequence[Stored]) -> Iterator[Clip]:
    for file in files:
        if not _is_frame(file):
            yield Clip(file.name, file.folder, partial(_film, file))


def _folders(files: Sequence[Stored]) -> Iterator[Clip]:
    """Clips of single frames; one picture alone is tried as a film, for it may move."""
    frames = sorted(filter(_is_frame, files), key=lambda file: (file.folder, by_number(file.name)))
    for folder, found in groupby(frames, key=lambda file: file.folder):
        several = list(found)
        if len(several) == 1:
            yield Clip(several[0].name, folder, partial(_film, several[0]))
        else:
            yield Clip(folder or ".", folder.rpartition("/")[0], partial(_frames, several))


def _is_frame(file: Stored) -> bool:
    return file.name.lower().rpartition(".")[2] in _FRAMES


def by_number(name: str) -> list[tuple[int, str]]:
    """A key that sorts frame2 before frame10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


@contextmanager
def _film(file: Stored, side: int) -> Iterator[Film]:
    with file.open() as stream, read_film(stream, file.name, side) as film:
        yield film


@contextmanager
def _frames(files: Sequence[Stored], side: int) -> Iterator[Film]:
    def frames() -> Iterator[tuple[float, Image.Image]]:
        for number, file in enumerate(files):
            with file.open() as stream:
                image = read_image(stream, file.name, side)
            yield float(number), image

    yield Film(None, frames())
