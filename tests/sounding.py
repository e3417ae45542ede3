"""Sounds for tests: tones that differ, and files of them."""

import io
from pathlib import Path

import numpy as np
import soundfile


def sounded(seed: int, seconds: float = 0.5, rate: int = 8000) -> np.ndarray:
    """A chord that swells and fades, other frequencies for every seed. float32 [T]"""
    draw = np.random.default_rng(seed)
    times = np.arange(round(seconds * rate)) / rate
    tones = sum(np.sin(2 * np.pi * frequency * times) for frequency in draw.uniform(150, 0.4 * rate, 3))
    swell = np.sin(np.pi * times / seconds) ** draw.uniform(0.5, 3)
    return (0.2 * swell * tones + 0.002 * draw.standard_normal(len(times))).astype(np.float32)


def encoded(wave: np.ndarray, rate: int = 8000, kind: str = "WAV", **options) -> bytes:
    """As a file's bytes. wave: float32 [T] or [T, channels]"""
    target = io.BytesIO()
    soundfile.write(target, wave, rate, format=kind, **options)
    return target.getvalue()


def folder_of_sounds(folder: Path, count: int, *, first: int = 0, rate: int = 8000, seconds: float = 0.5) -> Path:
    """`count` WAV files 0000.wav, 0001.wav … in a folder, from seed `first` on."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        (folder / f"{number:04}.wav").write_bytes(encoded(sounded(number, seconds, rate), rate))
    return folder
