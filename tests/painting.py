"""Pictures for tests: different from each other, the same on every machine."""

import io
from pathlib import Path

import numpy as np
from PIL import Image


def painted(seed: int, width: int = 48, height: int = 48, mode: str = "RGB") -> Image.Image:
    """Blobs of colour that no other seed has, smooth enough to survive JPEG."""
    generator = np.random.default_rng(seed)
    channels = {"L": 1, "RGB": 3, "RGBA": 4}[mode]
    coarse = generator.integers(0, 256, (6, 6, channels), dtype=np.uint8)
    image = Image.fromarray(coarse[..., 0] if channels == 1 else coarse)
    return image.resize((width, height), Image.Resampling.BICUBIC)


def encoded(image: Image.Image, form: str = "PNG", **options) -> bytes:
    """The picture as the bytes of a file."""
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def album(folder: Path, count: int, first: int = 0, **options) -> Path:
    """A folder of PNG files with pictures number `first` and on."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        (folder / f"{number:04}.png").write_bytes(encoded(painted(number, **options)))
    return folder
