"""Recipes of the contrastive task on coloured squares and tones with captions in both languages, learnt in seconds."""

from pathlib import Path

import numpy as np
from painting import encoded
from PIL import Image
from sounding import encoded as encoded_sound

COLOURS = {"red": ("红色", (220, 40, 40)), "green": ("绿色", (30, 160, 60)), "blue": ("蓝色", (40, 60, 220))}
COLOURS |= {"yellow": ("黄色", (240, 210, 30)), "black": ("黑色", (10, 10, 10))}
PLACES = {"top": "上面", "bottom": "下面"}
PITCHES = {"low": ("低音", 200.0), "middle": ("中音", 700.0), "high": ("高音", 2400.0)}
_RECIPE = """
task = "contrastive"
[data]
source = "folder:{source}"
kind = "{kind}"
validation = 0.25
{data}
[tokenizer]
kind = "char"
vocab_size = 200
[model]
depth = 1
width = 32
context = 24
patch = 4
dropout = 0.05
[views]
crop = 0.1
tokens = 0.05
prompts = 0.1
[train]
steps = {steps}
batch_size = 24
log_every = 1
evaluate_every = 6
save_every = 4
tensorboard = false
learning_rate = 0.004
muon_learning_rate = 0.02
[run]
dir = "{folder}/run"
"""


def square(colour: str, place: str, seed: int) -> Image.Image:
    """A square of this colour in the upper or lower half of a white picture."""
    draw = np.random.default_rng(seed)
    pixels = np.full((16, 16, 3), 255, np.uint8)
    top, left = int(draw.integers(0, 3)) + (8 if place == "bottom" else 0), int(draw.integers(0, 10))
    pixels[top : top + 6, left : left + 6] = COLOURS[colour][1]
    pixels[draw.integers(0, 16), draw.integers(0, 16)] = draw.integers(0, 256, 3)  # no two are copies
    return Image.fromarray(pixels)


def squares(folder: Path, each: int = 10) -> Path:
    """name.png with two lines in name.txt."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(each):
        for colour, (chinese, _) in COLOURS.items():
            for place, there in PLACES.items():
                name = f"{colour}-{place}-{number}"
                seed = 1000 * number + 10 * list(COLOURS).index(colour) + list(PLACES).index(place)
                (folder / f"{name}.png").write_bytes(encoded(square(colour, place, seed)))
                lines = f"{colour} at the {place}\n{chinese}在{there}\n"
                (folder / f"{name}.txt").write_text(lines, encoding="utf-8")
    return folder


def tone(pitch: str, seed: int, seconds: float) -> np.ndarray:
    """A tone with some noise, float32 [T] at 8 kHz."""
    draw = np.random.default_rng(seed)
    times = np.arange(round(seconds * 8000)) / 8000
    frequency = PITCHES[pitch][1] * draw.uniform(0.9, 1.1)
    return (0.3 * np.sin(2 * np.pi * frequency * times) + 0.01 * draw.standard_normal(len(times))).astype(np.float32)


def tones(folder: Path, each: int = 14) -> Path:
    """name.wav of different lengths with two lines in name.txt."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(each):
        for pitch, (chinese, _) in PITCHES.items():
            seed = 10 * number + list(PITCHES).index(pitch)
            wave = tone(pitch, seed, 0.3 + 0.05 * (seed % 7))
            (folder / f"{pitch}-{number}.wav").write_bytes(encoded_sound(wave))
            (folder / f"{pitch}-{number}.txt").write_text(f"a {pitch} tone\n{chinese}\n", encoding="utf-8")
    return folder


def picture_recipe(folder: Path, steps: int = 12) -> Path:
    """Of squares in folder/album."""
    return _write(folder, squares(folder / "album"), "pictures", 'size = 16\nfit = "stretch"', steps)


def sound_recipe(folder: Path, steps: int = 12) -> Path:
    """Of tones in folder/tones."""
    return _write(folder, tones(folder / "tones"), "sounds", "seconds = 1", steps)


def _write(folder: Path, source: Path, kind: str, data: str, steps: int) -> Path:
    path = folder / f"contrastive-{kind}.toml"
    path.write_text(_RECIPE.format(source=source, kind=kind, data=data, steps=steps, folder=folder), encoding="utf-8")
    return path
