"""A single sound as a function is given it: a file, or an array with its rate."""

import numpy as np
import pytest

from zaohua.data.sounds.single import given_sound
from zaohua.errors import UsageError
from zaohua.i18n import LANGUAGES, using

WAVE = np.sin(np.arange(800) / 9)


def test_an_array_with_its_rate() -> None:
    samples, rate, name = given_sound(WAVE, 8000)
    assert samples == pytest.approx(WAVE)
    assert (samples.dtype, rate, name) == (np.float32, 8000, "")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("wave", "rate"),
    [
        (WAVE, None),
        (WAVE, 0),
        (WAVE[:0], 8000),
        (np.stack([WAVE, WAVE]), 8000),
        (np.where(WAVE > 0.9, np.nan, WAVE), 8000),
    ],
)
def test_anything_else_is_told_in_one_line(wave: np.ndarray, rate: int | None, language: str) -> None:
    with using(language), pytest.raises(UsageError) as error:
        given_sound(wave, rate)
    assert "\n" not in str(error.value)
