"""Where pictures come from: a folder, a zip archive, an idx file, a built-in set.

In a folder or an archive every file that is not hidden is tried, whatever its name; what is no picture is skipped and
listed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from zaohua.data.picture import Picture
from zaohua.data.readers.base import SkippedFile
from zaohua.data.readers.idx import labels_beside, read_idx
from zaohua.data.readers.images import read_image
from zaohua.data.report import SourceReport
from zaohua.data.sources import existing, parse_source
from zaohua.data.stored import Stored, readable, stored_files
from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import t

KINDS = ("folder", "zip", "idx", "builtin")


@contextmanager
def pictures_of(source: str, report: SourceReport, *, labelled: bool = True) -> Iterator[list[Picture]]:
    """The pictures of a source, in a fixed order, to be opened within the block.

    labelled: whether an idx file's labels are wanted. report: takes what was left out.
    Raises UsageError for a source that is wrong, ZaohuaError for one that cannot be read.
    """
    kind, where = parse_source(source, KINDS, "pictures.unknown_source")
    if kind == "builtin":
        from zaohua.data.builtin import builtin_pictures

        yield builtin_pictures(where)
        return
    path = existing(kind, where)
    if kind == "idx":
        with readable(path):
            found = _idx(path, labelled)
        yield found
        return
    with stored_files(kind, path, report) as files:
        yield [Picture(file.name, file.folder, partial(open_stored, file)) for file in files]


def open_stored(file: Stored, side: int) -> Image.Image:
    """The picture in a file of a source; see zaohua.data.picture.Picture."""
    with file.open() as stream:
        return read_image(stream, file.name, side)


def _idx(path: Path, labelled: bool) -> list[Picture]:
    """A picture a row, with the number in the file of labels beside it, if there is one and it is wanted."""
    pixels = read_idx(path)  # [N, H, W] or [N, H, W, C]
    if pixels.ndim < 3 or (pixels.ndim == 4 and pixels.shape[3] not in (1, 3, 4)):
        raise UsageError(t("pictures.not_pictures", path=path, shape="×".join(map(str, pixels.shape))))
    beside = labels_beside(path) if labelled else None
    labels = None if beside is None else read_idx(beside)
    if labels is not None and labels.shape != pixels.shape[:1]:
        counts = {"pictures": len(pixels), "labels": len(labels)}
        raise ZaohuaError(t("pictures.other_labels", path=path, beside=beside, **counts))
    if 0 in pixels.shape[1:]:
        raise SkippedFile("empty")
    return [
        Picture(f"{path.name}:{number}", "" if labels is None else str(labels[number]), partial(as_image, row))
        for number, row in enumerate(pixels)
    ]


def as_image(pixels: np.ndarray, side: int) -> Image.Image:
    """Bytes [H, W] or [H, W, C] as a picture, whatever side is wanted."""
    return Image.fromarray(pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels)
