"""Clips for tests: different from each other, the same on every machine."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from zaohua.artifacts import Video


def filmed(seed: int, frames: int = 12, side: int = 32) -> np.ndarray:
    """A square of its own colour that moves over a ground of its own: uint8 [F, side, side, 3]"""
    draw = np.random.default_rng(seed)
    ground, ink = draw.integers(0, 100, 3), draw.integers(150, 256, 3)
    size = side // 3
    start, speed = draw.integers(0, side - size, 2), draw.integers(1, 3, 2)
    clip = np.tile(ground.astype(np.uint8), (frames, side, side, 1))
    for number, frame in enumerate(clip):
        y, x = (start + number * speed) % (side - size)
        frame[y : y + size, x : x + size] = ink
    return clip


def film_bytes(frames: np.ndarray, suffix: str = ".mp4", fps: float = 10.0) -> bytes:
    """The clip as the bytes of a file."""
    return Video(frames=frames, fps=fps)._encode(suffix)


def still_bytes(frame: np.ndarray) -> bytes:
    """One frame as the bytes of a PNG file."""
    file = io.BytesIO()
    Image.fromarray(frame).save(file, "PNG")
    return file.getvalue()


def reel(folder: Path, count: int, first: int = 0, suffix: str = ".mp4", **options) -> Path:
    """A folder of films with clips number `first` and on."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        (folder / f"{number:03}{suffix}").write_bytes(film_bytes(filmed(number, **options), suffix))
    return folder
