"""Tables of rows with files, for tests: two classes that every modality tells apart."""

import csv
from pathlib import Path

import numpy as np
from filming import film_bytes
from PIL import Image
from sounding import encoded

COLUMNS = ("text", "photo", "tone", "clip", "price", "colour", "label")
_WORDS = ("a quiet dark night", "a loud bright day")


def a_table(folder: Path, rows: int, *, side: int = 16, films: bool = True, first: int = 0) -> Path:
    """table.csv of so many rows and the files it names. A tenth of the cells of every modality is empty."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "table.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(first, first + rows):
            writer.writerow(_row(folder, number, side, films))
    return folder / "table.csv"


def _row(folder: Path, number: int, side: int, films: bool) -> list[str]:
    draw, kind = np.random.default_rng(number), number % 2
    picture = draw.integers(0, 90, (side, side, 3), dtype=np.uint8) + np.uint8(150 * kind)
    Image.fromarray(picture).save(folder / f"{number}.png")
    times = np.arange(1600) / 8000
    tone = 0.3 * np.sin(2 * np.pi * (300 + 900 * kind + number) * times)
    (folder / f"{number}.wav").write_bytes(encoded(tone.astype(np.float32)))
    if films:
        frames = np.stack([np.roll(picture, shift, axis=1) for shift in range(4)])
        (folder / f"{number}.gif").write_bytes(film_bytes(frames, ".gif"))
    cells = [
        f"{_WORDS[kind]} {number}",
        f"{number}.png",
        f"{number}.wav",
        f"{number}.gif" if films else "",
        f"{3 + 5 * kind + draw.normal():.3f}",
        ("blue", "red")[kind],
    ]
    gone = draw.random(len(cells)) < 0.1
    gone[0] = False  # every row has something
    kept = ["" if empty else cell for cell, empty in zip(cells, gone, strict=True)]
    return [*kept, ("night", "day")[kind]]
