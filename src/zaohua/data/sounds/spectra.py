"""Sounds as small pictures, to be looked at and compared: time to the right, frequency upwards, loud is light."""

import numpy as np

_SHORTEST = 256  # samples of a frame at least
_RANGE = 60.0  # dB below the loudest point that are black


def picture(wave: np.ndarray, height: int, width: int) -> np.ndarray:
    """Mean power of `height` equal bands of frequency in `width` equal times, in decibels.

    float32 [T] -> uint8 [height, width]
    """
    frame = max(_SHORTEST, 4 * height)
    hop = max(1, min(frame // 2, len(wave) // (2 * width)))
    padded = np.pad(wave, (frame // 2, frame // 2 + width))
    frames = np.lib.stride_tricks.sliding_window_view(padded, frame)[::hop]
    power = np.square(np.abs(np.fft.rfft(frames * np.hanning(frame).astype(np.float32), axis=1)))[:, 1:]
    times = np.stack([part.mean(axis=0) for part in np.array_split(power, width)])  # [W, frequencies]
    cells = np.stack([band.mean(axis=1) for band in np.array_split(times, height, axis=1)])  # [H, W]
    decibels = 10 * np.log10(np.maximum(cells, 1e-20))
    return np.clip((decibels - decibels.max() + _RANGE) / _RANGE * 255, 0, 255).round().astype(np.uint8)[::-1]
