"""Waves at another rate, without silence, equally loud, of one length."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import resample_poly
from sounding import sounded

from zaohua.data.sounds.wave import PEAK, levelled, of_length, resampled, trimmed


@pytest.mark.parametrize(("rate", "wanted"), [(44100, 16000), (8000, 16000), (16000, 8000), (48000, 22050)])
def test_another_rate_is_as_scipy_has_it(rate, wanted):
    """Tones below both limits, windowed so that the ends say nothing: another filter must give the same wave."""
    times = np.arange(rate) / rate
    tones = sum(np.sin(2 * np.pi * f * times) for f in (137.0, 1000.0, 0.35 * min(rate, wanted)))
    wave = (tones / 3 * np.hanning(rate)).astype(np.float32)
    found = resampled(wave, rate, wanted)
    other = resample_poly(wave.astype(np.float64), wanted, rate, window=("kaiser", 12.0))
    assert len(found) == len(other) == wanted
    assert found.dtype == np.float32
    assert np.abs(found - other).max() < 2e-3


def test_what_the_lower_rate_cannot_hold_is_gone_and_not_folded():
    times = np.arange(44100) / 44100
    high = np.sin(2 * np.pi * 6000 * times).astype(np.float32)  # at 8,000 samples a second it would become 2,000 Hz
    assert np.abs(resampled(high, 44100, 8000)[400:-400]).max() < 1e-3


@given(st.integers(1, 4000), st.sampled_from([8000, 11025, 22050, 44100]), st.sampled_from([8000, 16000, 44100]))
def test_lengths_follow_the_rates(length, rate, wanted):
    wave = np.ones(length, np.float32)
    assert len(resampled(wave, rate, wanted)) == max(1, round(length * wanted / rate)), "one sample is never none"
    assert resampled(wave, rate, rate) is wave


def test_silence_around_a_sound_goes_and_the_sound_stays():
    sound = sounded(1) + 0.05 * np.sin(np.arange(4000)).astype(np.float32)
    quiet = np.zeros(3000, np.float32)
    found = trimmed(np.concatenate([quiet, sound, quiet]), 8000)
    assert len(sound) <= len(found) <= len(sound) + 2 * (240 + 80), "30 ms and what is looked at together"
    start = np.flatnonzero(found)[0]
    assert np.array_equal(found[start : start + len(sound)], sound)
    assert trimmed(quiet, 8000).shape == quiet.shape


@given(st.floats(0.001, 50))
def test_all_are_equally_loud(factor):
    assert np.abs(levelled(sounded(3) * np.float32(factor))).max() == pytest.approx(PEAK, rel=1e-5)


def test_longer_sounds_fade_where_they_are_cut():
    wave = np.ones(1000, np.float32)
    assert np.array_equal(of_length(wave, 1200, 8000), np.pad(wave, (0, 200)))
    cut = of_length(wave, 500, 8000)
    assert cut[:420].min() == 1
    assert cut[-1] == 0
    assert (np.diff(cut[420:]) <= 0).all()
    assert wave.min() == 1, "the wave itself is left as it was"
