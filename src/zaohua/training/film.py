"""The film of a run: what it made from the same beginnings, one evaluation after another."""

from pathlib import Path

import numpy as np

from zaohua.artifacts import Video
from zaohua.errors import ZaohuaError
from zaohua.extras import need

FILM = "film.mp4"
_SLOWEST, _FASTEST, _LONGEST = 2.0, 12.0, 12.0  # pictures a second; seconds that they take at most, as far as they can
_REST = 2.0  # seconds that the last one stays


def write_film(folder: Path, model: str) -> Path | None:
    """folder/film.mp4 from the first picture of every step in folder/samples; None where there are fewer than two of
    one size, or the libraries for media are missing. model: its name, for the label."""
    first: dict[str, Path] = {}
    for file in sorted((folder / "samples").glob("step-*.png")):
        first.setdefault(file.name.split("-")[1], file)
    if len(first) < 2:
        return None
    try:
        pillow = need("PIL.Image")
        pictures = []
        for file in first.values():
            with pillow.open(file) as picture:
                pictures.append(np.asarray(picture.convert("RGB")))
        alike = [picture for picture in pictures if picture.shape == pictures[-1].shape]
        if len(alike) < 2:
            return None
        fps = min(_FASTEST, max(_SLOWEST, len(alike) / _LONGEST))
        frames = np.stack([*alike, *[alike[-1]] * round(_REST * fps)])
        return Video(frames=frames, fps=fps, model=model).save(folder / FILM)
    except (ZaohuaError, OSError):  # a finished run is not spoilt by what cannot be shown
        return None
