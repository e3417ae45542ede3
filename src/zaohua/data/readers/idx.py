"""The idx format of MNIST and its relatives: a magic number, the sizes, then the bytes; often compressed with gzip."""

import io
import re
import struct
import zlib
from math import prod
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from zaohua.data.readers.base import SkippedFile
from zaohua.data.readers.streams import Gunzipped

_BYTES = 0x08  # the code of unsigned bytes, the only type that pictures and labels have


def read_idx(path: Path) -> np.ndarray:
    """The array in an idx or idx.gz file, uint8; SkippedFile if it is none, is damaged or ends elsewhere."""
    try:
        with path.open("rb") as file:
            compressed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            size = path.stat().st_size
            stream = cast(BinaryIO, io.BufferedReader(Gunzipped(file, size))) if compressed else cast(BinaryIO, file)
            return _array(stream)
    except (OSError, EOFError, zlib.error, struct.error) as error:
        raise SkippedFile("malformed", str(error)) from error


def _array(stream: BinaryIO) -> np.ndarray:
    zero, kind, dimensions = struct.unpack(">HBB", stream.read(4))
    if zero or kind != _BYTES or not 1 <= dimensions <= 4:
        raise SkippedFile("unsupported", "idx")
    shape = struct.unpack(f">{dimensions}I", stream.read(4 * dimensions))
    data = bytearray()
    while len(data) <= prod(shape) and (part := stream.read(1 << 20)):  # by parts: the sizes may promise anything
        data += part
    if len(data) != prod(shape):
        raise SkippedFile("malformed", "×".join(map(str, shape)))
    return np.frombuffer(data, dtype=np.uint8).reshape(shape)


def labels_beside(path: Path) -> Path | None:
    """The file of labels that belongs to a file of pictures by MNIST's way of naming them; None if there is none."""
    name = re.sub(r"idx[34]", "idx1", path.name.replace("images", "labels"))
    stem = name.removesuffix(".gz")
    found = [path.with_name(known) for known in (name, stem, f"{stem}.gz") if known != path.name]
    return next((labels for labels in found if labels.is_file()), None)
