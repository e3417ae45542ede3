"""The film of a run: one picture a step, in order, the last one longer."""

import numpy as np
import pytest

from zaohua import labels
from zaohua.artifacts import Image
from zaohua.training.film import write_film

av = pytest.importorskip("av")


def picture(folder, step: int, value: int, *, index: int = 0, side: int = 48) -> None:
    pixels = np.full((side, side, 1), value, np.uint8)
    Image(pixels=pixels).save(folder / "samples" / f"step-{step:08d}-{index}.png")


def frames(path) -> list[int]:
    """The mean brightness of each frame."""
    with av.open(str(path)) as container:
        return [round(float(frame.to_ndarray(format="gray").mean())) for frame in container.decode(video=0)]


def test_steps_come_in_order_and_the_last_one_stays(tmp_path):
    (tmp_path / "samples").mkdir()
    for step, value in ((1000, 200), (20, 120), (3, 40)):
        picture(tmp_path, step, value)
        picture(tmp_path, step, 255 - value, index=1)  # another sample of the same step is not shown
    path = write_film(tmp_path, "a model")
    assert path == tmp_path / "film.mp4"
    shown = frames(path)
    np.testing.assert_allclose(shown[:3], [40, 120, 200], atol=4)
    assert len(shown) > 4
    np.testing.assert_allclose(shown[3:], 200, atol=4)
    assert labels.read(path).model == "a model"


def test_one_picture_is_no_film_and_other_sizes_are_left_out(tmp_path):
    (tmp_path / "samples").mkdir()
    assert write_film(tmp_path, "") is None
    picture(tmp_path, 1, 40)
    assert write_film(tmp_path, "") is None
    picture(tmp_path, 2, 80, side=64)
    assert write_film(tmp_path, "") is None
    picture(tmp_path, 3, 120, side=64)
    np.testing.assert_allclose(frames(write_film(tmp_path, ""))[:2], [80, 120], atol=4)


def test_a_damaged_picture_spoils_no_finished_run(tmp_path):
    (tmp_path / "samples").mkdir()
    for step in (1, 2):
        picture(tmp_path, step, 40)
    (tmp_path / "samples" / "step-00000003-0.png").write_bytes(b"cut short")
    assert write_film(tmp_path, "") is None


def test_without_the_libraries_there_is_none(tmp_path, monkeypatch):
    (tmp_path / "samples").mkdir()
    for step in (1, 2):
        picture(tmp_path, step, 40)
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    assert write_film(tmp_path, "") is None
