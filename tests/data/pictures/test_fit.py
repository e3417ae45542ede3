"""Pictures made square, and their channels made equal."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from painting import painted
from PIL import Image

from zaohua.data.pictures.fit import fitted, flat, grey, is_coloured, with_channels

SIDES = st.integers(1, 90)
WAYS = ("cover", "contain", "stretch", "pad")
WHITE = (255, 255, 255)


@given(SIDES, SIDES, st.sampled_from(("L", "RGB", "RGBA")), st.sampled_from(WAYS), st.booleans())
def test_every_picture_becomes_square(width, height, mode, how, transparent):
    pixels = fitted(painted(1, width, height, mode), 32, how, (9, 8, 7), transparent=transparent)
    assert pixels.shape[:2] == (32, 32)
    assert pixels.shape[2] in (1, 3, 4)
    assert pixels.dtype == np.uint8


@given(SIDES, SIDES, st.sampled_from(("contain", "pad")))
def test_the_whole_picture_stands_in_the_middle_of_the_ground(width, height, how):
    red, blue = (255, 0, 0), (0, 0, 255)
    pixels = fitted(Image.new("RGB", (width, height), red), 32, how, blue)
    shown = (pixels == red).all(2)
    rows, columns = np.flatnonzero(shown.any(1)), np.flatnonzero(shown.any(0))
    scale = 32 / max(width, height)
    scale = min(scale, 1) if how == "pad" else scale
    assert [len(columns), len(rows)] == [max(1, round(side * scale)) for side in (width, height)]
    for places in (rows, columns):
        assert abs(places[0] - (31 - places[-1])) <= 1
    assert ((pixels == blue).all(2) | shown).all(), "nothing but picture and ground"
    ground = fitted(Image.new("RGB", (width, height), red), 32, how, blue, transparent=True)
    assert ground.shape[2] == 3 or np.array_equal(ground[..., 3] == 255, shown)


def test_cover_cuts_what_stands_over_and_stretch_nothing():
    stripes = Image.new("RGB", (96, 32), (255, 0, 0))
    stripes.paste((0, 0, 255), (32, 0, 64, 32))
    assert (fitted(stripes, 32, "cover", WHITE)[:, 2:-2] == (0, 0, 255)).all()
    stretched = fitted(stripes, 32, "stretch", WHITE)
    assert (stretched[:, 0] == (255, 0, 0)).all()
    assert (stretched[:, 16] == (0, 0, 255)).all()


def test_the_edge_of_what_is_transparent_takes_no_hidden_colour():
    pixels = np.zeros((64, 64, 4), np.uint8)  # black, where nothing can be seen
    pixels[:, 33:] = 255
    found = fitted(Image.fromarray(pixels), 16, "cover", WHITE)
    assert (flat(found, WHITE) == 255).all(), "white on white is white"


@given(arrays.arrays(np.uint8, (4, 4, 4)), st.tuples(*[st.integers(0, 255)] * 3))
def test_channels_as_pillow_has_them(pixels, background):
    image = Image.fromarray(pixels)
    ground = Image.new("RGBA", (4, 4), (*background, 255))
    laid = np.asarray(Image.alpha_composite(ground, image).convert("RGB"), np.int16)
    assert np.abs(with_channels(pixels, 3, background) - laid).max() <= 1
    colour = pixels[..., :3].copy()
    assert np.array_equal(grey(colour)[..., 0], np.asarray(Image.fromarray(colour).convert("L")))
    assert np.array_equal(with_channels(colour, 1, background), grey(colour))
    four = with_channels(pixels, 4, background)
    assert np.array_equal(four[..., 3], pixels[..., 3])
    assert (four[..., :3][pixels[..., 3] == 0] == background).all()
    for channels in (1, 3, 4):
        assert with_channels(grey(colour), channels, background).shape == (4, 4, channels)
        once = with_channels(pixels, channels, background)
        assert np.array_equal(with_channels(once, channels, background), once)


@pytest.mark.parametrize(("spread", "coloured"), [(0, False), (12, False), (40, True)])
def test_grey_stored_as_colour_is_grey(spread, coloured):
    pixels = np.asarray(painted(1, mode="L"))[..., None].repeat(3, axis=2) // 2
    pixels[..., 0] += np.uint8(spread)
    assert is_coloured(pixels) == coloured
    assert fitted(Image.fromarray(pixels), 32, "cover", WHITE).shape[2] == (3 if coloured else 1)


def test_colour_that_cannot_be_seen_is_none():
    pixels = np.asarray(painted(1, mode="RGBA")).copy()
    pixels[..., 3] = 0
    assert not is_coloured(pixels)
