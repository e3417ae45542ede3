"""Waves changed before they are learnt from: another rate, no silence around them, one loudness, one length."""

import numpy as np

from zaohua.extras import need

PEAK = 0.9  # of full scale: where all peaks lie when sounds are levelled
SILENT = 1e-4  # a peak below that (-80 dB) is no sound
_QUIET = 0.01  # of the loudest moment (-40 dB): what is below, at either end, is silence around the sound
_MOMENT, _MARGIN, _FADE = 0.01, 0.03, 0.01  # seconds: looked at together, left around a sound, fading at a cut


def resampled(wave: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """The same sound at another rate, by libsoxr. float32 [T] -> [round(T · wanted / rate), but at least 1]"""
    if rate == wanted:
        return wave
    made = need("soxr").resample(wave, rate, wanted, quality="HQ")
    length = max(1, round(len(wave) * wanted / rate))
    return np.pad(made, (0, max(0, length - len(made))))[:length].astype(np.float32, copy=False)


def trimmed(wave: np.ndarray, rate: int) -> np.ndarray:
    """Without the silence before and after it, but for 30 ms. float32 [T] -> [T' ≤ T]"""
    moment = max(1, round(_MOMENT * rate))
    loudness = np.sqrt(np.square(np.pad(wave, (0, -len(wave) % moment))).reshape(-1, moment).mean(axis=1))
    (loud,) = np.nonzero(loudness > _QUIET * loudness.max())
    if not len(loud):
        return wave
    margin = round(_MARGIN * rate)
    return wave[max(0, loud[0] * moment - margin) : (loud[-1] + 1) * moment + margin]


def levelled(wave: np.ndarray) -> np.ndarray:
    """As loud as all others: its largest sample at 0.9 of full scale."""
    return wave * np.float32(PEAK / max(np.abs(wave).max(), SILENT))


def of_length(wave: np.ndarray, length: int, rate: int) -> np.ndarray:
    """The first `length` samples, faded out where something is cut off; silence after what is shorter."""
    if len(wave) <= length:
        return np.pad(wave, (0, length - len(wave)))
    cut, fade = wave[:length].copy(), min(length, max(1, round(_FADE * rate)))
    cut[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return cut
