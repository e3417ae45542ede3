"""Contact sheets: enough of every class, readable labels, the credit of the set."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from painting import album
from PIL import Image, ImageChops

from zaohua.data.pictures import PictureConfig, Pictures, contact_sheet, read_pictures, write_contact_sheet
from zaohua.data.pictures.sheet import spread


def read(path, **settings) -> Pictures:
    return read_pictures(PictureConfig(source=f"folder:{path}", **settings), 1)


@given(st.lists(st.integers(0, 80), min_size=1, max_size=300), st.booleans())
def test_the_chosen_ones_are_different_and_spread(labels, classed):
    numbers = np.array(labels)
    chosen = spread(numbers if classed else None, len(numbers))
    assert len(set(chosen)) == len(chosen) <= 64
    assert set(chosen) <= set(range(len(numbers)))
    if not classed:
        assert len(chosen) == min(64, len(numbers))
        assert chosen[0] == 0
    else:
        assert len(set(numbers[chosen])) == min(64, len(set(labels)))
        assert numbers[chosen].tolist() == sorted(numbers[chosen])


def test_the_pictures_are_on_the_sheet(tmp_path):
    found = read(album(tmp_path / "a", 20))
    sheet = contact_sheet(found)
    assert sheet.mode == "RGB"
    first = Image.fromarray(found.train[0].permute(1, 2, 0).numpy()).resize((64, 64), Image.Resampling.NEAREST)
    assert ImageChops.difference(sheet.crop((8, 8, 72, 72)), first).getbbox() is None
    album(tmp_path / "b" / "一", 9)
    album(tmp_path / "b" / "a very long name of a class that goes on and on", 9, first=9)
    labelled = contact_sheet(read(tmp_path / "b"))
    below = np.asarray(labelled.crop((8, 72, labelled.width, 86)))
    assert (below < 128).any(), "words stand under the pictures"
    assert labelled.height == 8 + 2 * (64 + 14 + 8)


@pytest.mark.parametrize(("mode", "size"), [("L", 16), ("RGB", 128), ("RGBA", 256)])
def test_every_kind_is_written_whole(tmp_path, mode, size):
    path = tmp_path / "new" / "sheet.png"
    write_contact_sheet(read(album(tmp_path / "a", 5, mode=mode), size=size), path)
    with Image.open(path) as sheet:
        assert sheet.width == 8 * (max(64, size) + 8) + 8
        sheet.load()
    assert [file.name for file in path.parent.iterdir()] == ["sheet.png"]
