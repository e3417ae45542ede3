"""Copies of pictures: found, and not imagined."""

import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from painting import encoded, painted
from PIL import Image, ImageEnhance

from zaohua.data.pictures.copies import groups, near_copies, thumbnail
from zaohua.data.pictures.fit import fitted


def thumbnails(images) -> np.ndarray:
    return np.stack([thumbnail(fitted(image, 64, "cover", (255, 255, 255))) for image in images])


def again(image: Image.Image, form: str, **options) -> Image.Image:
    return Image.open(io.BytesIO(encoded(image, form, **options))).convert("RGB")


def test_a_thumbnail_is_the_mean_of_its_cells():
    pixels = np.asarray(painted(1, 32, 32, "L"))[..., None]
    found = thumbnail(pixels).reshape(16, 16)
    for row in range(16):
        for column in range(16):
            assert abs(found[row, column] - pixels[2 * row : 2 * row + 2, 2 * column : 2 * column + 2].mean()) < 1e-3


def test_planted_copies_are_found_and_nothing_else():
    originals = [painted(seed, 120, 120) for seed in range(300)]
    copies = {
        7: again(originals[7], "JPEG", quality=40),
        20: originals[20].resize((70, 70), Image.Resampling.BILINEAR),
        41: ImageEnhance.Brightness(originals[41]).enhance(0.96),
        99: again(originals[99], "WEBP", quality=50),
        150: originals[150].convert("L"),
    }
    found = near_copies(thumbnails([*originals, *copies.values()]))
    assert found == {300 + place: number for place, number in enumerate(copies)}


def test_pictures_that_show_nothing_are_not_called_alike():
    blank = np.stack([np.full(256, level, np.float32) for level in (0, 10, 10, 255)])
    assert near_copies(blank) == {}
    assert near_copies(blank[:1]) == {}


def test_handwriting_is_not_taken_for_copies(shared_data):
    from zaohua.data.readers.idx import read_idx

    digits = read_idx(shared_data / "images/mnist/t10k-images-idx3-ubyte.gz")[:2000]
    images = [Image.fromarray(digit).resize((32, 32)) for digit in digits]
    assert len(near_copies(thumbnails(images))) <= 2


@given(st.integers(1, 12).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.tuples(*[st.integers(0, n - 1)] * 2)))))
def test_groups_are_what_hangs_together(case):
    count, pairs = case
    expected = list(range(count))
    for _ in range(count):  # every thing takes the least number among its neighbours, until nothing changes
        for left, right in pairs:
            expected[left] = expected[right] = min(expected[left], expected[right])
    assert groups(count, pairs).tolist() == expected
