"""A page of what a model draws and says."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image as Pillow

from zaohua.artifacts import Image
from zaohua.multimodal.any.showing import show


def shown(page: str) -> list[np.ndarray]:
    """The pictures inside a page."""
    found = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    return [np.asarray(Pillow.open(io.BytesIO(base64.b64decode(data)))) for data in found]


@pytest.mark.parametrize(
    ("height", "width", "channels", "expected"),
    [
        (16, 16, 3, (128, 128, 3)),
        (16, 32, 1, (64, 128)),
        (32, 8, 4, (128, 32, 4)),
        (1, 400, 3, (1, 128, 3)),
        (500, 250, 3, (128, 64, 3)),
    ],
)
def test_pictures_keep_their_proportions(any_model, tmp_path, height, width, channels, expected):
    pixels = np.zeros((height, width, channels), np.uint8)
    pixels[:, width // 2 :] = 255
    made = show(any_model, ["a cat"], [Image(pixels=pixels, prompt="halves")], tmp_path / "shown")
    page = made.page.read_text("utf-8")
    assert [picture.prompt for picture, _ in made.said] == ["halves"]
    *drawn, last = shown(page)
    assert {picture.shape[:2] for picture in drawn} == {(128, 128)}
    assert last.shape == expected
    if width <= 128:
        assert set(np.unique(last)) == {0, 255}, "not smoothed"
    assert "object-fit: contain" in page, "nor does the browser stretch them"


def test_the_page_says_whether_pictures_were_chosen(any_model, tmp_path):
    plain, chosen = (show(any_model, ["a cat"], [], tmp_path / str(count), best_of=count) for count in (1, 3))
    assert "best of" not in plain.page.read_text("utf-8")
    assert "best of 3" in chosen.page.read_text("utf-8")
    assert all(one.index < 8 for one in plain.drawn[0])
    assert any(one.index >= 8 for one in chosen.drawn[0])
