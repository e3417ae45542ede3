"""The idx format of MNIST."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from zaohua.data.readers.base import SkippedFile
from zaohua.data.readers.idx import labels_beside, read_idx


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


@given(arrays.arrays(np.uint8, arrays.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=6)), st.booleans())
def test_an_array_comes_back(tmp_path_factory, array, compressed):
    path = tmp_path_factory.mktemp("idx") / "a"
    path.write_bytes(gzip.compress(idx(array)) if compressed else idx(array))
    assert np.array_equal(read_idx(path), array)


IMAGES = idx(np.arange(48, dtype=np.uint8).reshape(3, 4, 4))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "malformed"),
        (IMAGES[:-1], "malformed"),
        (IMAGES + b"\0", "malformed"),
        (gzip.compress(IMAGES)[:-9], "malformed"),
        (struct.pack(">HBB3I", 0, 8, 3, 1 << 31, 1 << 31, 1 << 31), "malformed"),
        (struct.pack(">HBBI", 0, 13, 1, 1) + bytes(4), "unsupported"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "unsupported"),
        (gzip.compress(idx(np.zeros((1 << 25,), np.uint8))), "bomb"),
    ],
    ids=["empty", "short", "long", "cut gzip", "too many", "floats", "a picture", "bomb"],
)
def test_anything_else_is_refused(tmp_path, data, reason):
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(data)
    with pytest.raises(SkippedFile) as caught:
        read_idx(path)
    assert caught.value.reason == reason


def test_labels_are_found_beside_their_pictures(tmp_path: Path):
    images = tmp_path / "train-images-idx3-ubyte.gz"
    assert labels_beside(images) is None
    for name in ("train-labels-idx1-ubyte", "train-labels-idx1-ubyte.gz"):
        (tmp_path / name).touch()
        assert labels_beside(images) == tmp_path / name
    (tmp_path / "pixels").touch()
    assert labels_beside(tmp_path / "pixels") is None, "a file is not its own labels"
