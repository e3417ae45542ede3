"""The built-in clips: the same for all, and moving as their class says."""

from itertools import islice

import numpy as np
import pytest

from zaohua.data.builtin_clips import RATE, moving_digits, moving_emoji
from zaohua.data.clip import Clip


def frames(clip: Clip, side: int) -> np.ndarray:
    with clip.open(side) as film:
        assert film.rate == RATE
        shown = list(film.frames)
    assert np.allclose(np.diff([time for time, _ in shown]), 1 / RATE)
    return np.stack([np.asarray(image) for _, image in shown])


def centres(clip: np.ndarray) -> np.ndarray:
    """Where the middle of the light is in each frame, in pixels: [F, 2] down, right"""
    light = clip.astype(float)
    total = light.sum((1, 2))
    places = np.arange(clip.shape[1])
    return np.stack([(light.sum(2) * places).sum(1), (light.sum(1) * places).sum(1)], 1) / total[:, None]


@pytest.fixture(scope="module")
def digits() -> list[Clip]:
    return list(moving_digits())


@pytest.fixture(scope="module")
def emoji() -> list[Clip]:
    return list(moving_emoji())


def test_digits_fly_straight_and_bounce(digits):
    assert len(digits) == 2000
    assert {clip.label for clip in digits} == set("0123456789")
    for clip in islice(digits, 0, 2000, 250):
        shown = frames(clip, 64)
        assert np.array_equal(shown, frames(clip, 64))
        assert shown.shape == (32, 64, 64)
        path = centres(shown)
        speeds = np.abs(np.diff(path, axis=0))
        usual = np.median(speeds, axis=0)
        straight = np.abs(speeds - usual).max(1) < 0.25
        assert straight.mean() > 0.6, "but for the moments in which it bounces"
        assert 0.02 * 64 < np.hypot(*usual) < 0.07 * 64
        assert abs(shown[0].sum() / shown.sum(axis=(1, 2)) - 1).max() < 0.02, "nothing of it leaves the frame"


def test_a_larger_size_shows_the_same(digits):
    small, large = (frames(digits[7], side) for side in (32, 64))
    assert np.abs(2 * centres(small) - centres(large)).max() < 1.5


def test_emoji_move_as_their_class_says(emoji):
    assert len(emoji) == 800
    by_motion: dict[str, np.ndarray] = {}
    for clip in emoji[:4]:
        shown = frames(clip, 32)
        assert shown.shape == (32, 32, 32, 3)
        by_motion[clip.label] = np.abs(shown.astype(int) - shown[0, 0, 0]).sum(3)  # what is not ground
    assert by_motion.keys() == {"slide", "turn", "grow", "hop"}
    path = {name: centres(light) for name, light in by_motion.items()}
    amount = {name: light.sum((1, 2)) for name, light in by_motion.items()}
    assert np.ptp(path["hop"][:, 0]) > 4 > 2 > np.ptp(path["hop"][:, 1])
    assert np.ptp(path["slide"], axis=0).max() > 4
    assert amount["grow"].max() / amount["grow"].min() > 2
    assert amount["turn"].max() / amount["turn"].min() < 1.3
    assert np.ptp(path["turn"], axis=0).max() < 4
