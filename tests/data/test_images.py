"""Picture files of every kind, whole, odd, damaged and hostile."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from painting import encoded, painted
from PIL import Image

from zaohua.data.readers.base import SkippedFile
from zaohua.data.readers.images import read_image


def opened(data: bytes, name: str = "a.png", side: int = 32) -> Image.Image:
    return read_image(io.BytesIO(data), name, side)


def reason(data: bytes, name: str = "a.png") -> str:
    with pytest.raises(SkippedFile) as caught:
        opened(data, name)
    assert "\n" not in caught.value.detail
    return caught.value.reason


# What a viewer does to the stored pixels for each value of the EXIF tag 274 (Exif 2.3, 4.6.4).
TURNS = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.swapaxes(0, 1),
    6: lambda p: np.rot90(p, -1),
    7: lambda p: np.rot90(p, 2).swapaxes(0, 1),
    8: lambda p: np.rot90(p, 1),
}


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_a_picture_stands_upright(orientation, form):
    image = painted(1, 40, 24)
    exif = Image.Exif()
    exif[274] = orientation
    found = np.asarray(opened(encoded(image, form, exif=exif)), np.int16)
    stored = np.asarray(Image.open(io.BytesIO(encoded(image, form))).convert("RGB"), np.int16)
    assert np.array_equal(found, TURNS[orientation](stored))


def test_damaged_exif_is_no_reason_to_lose_a_picture():
    data = encoded(painted(1), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0")
    assert opened(data).size == (48, 48)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000", "PPM", "ICO"])
def test_formats(form):
    image = painted(2, 48, 48)
    found = opened(encoded(image, form), "whatever its name.txt")
    difference = np.asarray(found.convert("RGB"), np.int16) - np.asarray(image, np.int16)
    assert np.abs(difference).mean() < 12


def test_modes_become_the_three_that_are_used():
    grey, colour, seen_through = painted(1, mode="L"), painted(1), painted(1, mode="RGBA")
    palette = colour.quantize(64)
    assert opened(encoded(grey)).mode == "L"
    assert opened(encoded(grey.convert("1"))).mode == "L"
    assert opened(encoded(palette)).mode == "RGB"
    assert opened(encoded(palette, transparency=3)).mode == "RGBA"
    assert opened(encoded(seen_through.convert("LA"))).mode == "RGBA"
    assert opened(encoded(grey, transparency=int(grey.getpixel((0, 0))))).mode == "RGBA"
    seen_through.putalpha(255)
    assert opened(encoded(seen_through)).mode == "RGB", "nothing can be seen through it"
    print_colours = opened(encoded(colour.convert("CMYK"), "JPEG", quality=95))
    assert print_colours.mode == "RGB"
    assert np.abs(np.asarray(print_colours, np.int16) - np.asarray(colour, np.int16)).mean() < 6


def test_deep_grey_keeps_its_range():
    ramp = np.linspace(0, 65535, 48 * 48).reshape(48, 48)
    expected = (ramp.astype(np.uint16) / 257).round()
    for form in ("PNG", "TIFF"):
        assert np.array_equal(np.asarray(opened(encoded(Image.fromarray(ramp.astype(np.uint16)), form))), expected)
    deep = Image.fromarray(ramp.astype(np.int32))
    assert np.array_equal(np.asarray(opened(encoded(deep, "TIFF"))), expected)
    share = (ramp / 65535).astype(np.float32)
    share[0, 5] = np.nan
    floats = np.asarray(opened(encoded(Image.fromarray(share), "TIFF")))
    assert np.array_equal(floats, (np.nan_to_num(share) * 255).round())


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_an_animation_the_first_frame(form):
    first, second = painted(1).quantize(32).convert("RGB"), painted(2)
    data = encoded(first, form, save_all=True, append_images=[second], lossless=True)
    found = np.asarray(opened(data).convert("RGB"), np.int16)
    assert np.abs(found - np.asarray(first, np.int16)).mean() < 4


def test_large_jpegs_are_read_at_a_fraction_of_their_size():
    found = opened(encoded(painted(1, 1600, 1200), "JPEG"), side=64)
    assert 128 <= min(found.size) < 1200
    assert found.info["original"] == (1600, 1200)
    exif = Image.Exif()
    exif[274] = 6
    found = opened(encoded(painted(1, 1600, 1200), "JPEG", exif=exif), side=64)
    assert found.height > found.width
    assert found.info["original"] == (1200, 1600)


def png(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


def test_what_is_no_picture_is_told_from_what_is_damaged():
    assert reason(png(50_000, 50_000)) == "bomb"
    assert reason(png(100, 100)) == "malformed"
    assert reason(b"hello", "notes.txt") == "unsupported"
    assert reason(b"hello", "photo.JPG") == "malformed"
    assert reason(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "drawing.png") == "malformed", "never run"


WHOLE = {form: encoded(painted(3), form) for form in ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "AVIF", "JPEG2000")}


@pytest.mark.parametrize("form", WHOLE)
def test_a_file_that_was_cut_short_is_left_out(form):
    assert reason(WHOLE[form][: len(WHOLE[form]) // 2]) == "malformed"


@given(st.sampled_from(sorted(WHOLE)), st.integers(0, 1 << 16), st.binary(min_size=1, max_size=8))
def test_damage_never_does_more_than_to_leave_a_file_out(form, place, noise):
    data = bytearray(WHOLE[form])
    place %= len(data)
    data[place : place + len(noise)] = noise
    try:
        found = opened(bytes(data))
    except SkippedFile:
        return
    assert found.mode in ("L", "RGB", "RGBA")
