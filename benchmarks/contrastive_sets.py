"""Pictures with captions that contrastive_peers.py trains on: pictures uint8 [N, 3, 64, 64] and captions in English, to
learn from and held back. In most of them captions recur, or several are true of one picture."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from zaohua.data.builtin_pictures import digits, openmoji_kinds
from zaohua.data.captioned import CaptionedConfig, Side, read_captioned
from zaohua.data.captioned.captions import words
from zaohua.data.digit_names import DIGIT_NAMES

SIDE = 64
Captions = list[dict[str, list[str]]]
Sides = tuple[Tensor, Captions, Tensor, Captions]
_COLOURS = {"red": (214, 48, 49), "green": (39, 174, 96), "blue": (41, 98, 255), "yellow": (241, 196, 15)}
_COLOURS |= {"purple": (142, 68, 173), "black": (30, 30, 30)}
_PLACES = {"in the middle": (0.5, 0.5), "at the top": (0.5, 0.25), "at the bottom": (0.5, 0.75)}
_PLACES |= {"on the left": (0.25, 0.5), "on the right": (0.75, 0.5)}
_FIGURES = ("circle", "square", "triangle", "cross")
_CROSS = [(-3, -1), (-1, -1), (-1, -3), (1, -3), (1, -1), (3, -1), (3, 1), (1, 1), (1, 3), (-1, 3), (-1, 1), (-3, 1)]
_SMALL = {"a", "an", "and", "for", "in", "of", "on", "or", "over", "the", "to", "up", "with", "without"}
_NEAR, _FAR = 4, 32  # pixels from the edge to two digits in a row or a column
_SHIFT = 6  # pixels that each is moved at most


def captioned(source: str) -> Sides:
    """Any source of captioned pictures, a fifth of them held back."""
    config = CaptionedConfig(source=source, size=SIDE, channels=3, fit="contain", languages=["en"], validation=0.2)
    found = read_captioned(config, 1)
    return found.train.media, found.train.captions, found.validation.media, found.validation.captions


def kinds() -> Sides:
    """OpenMoji's pictograms, called by their kind alone ("cat face", "person sport"): about 70, some of them common."""
    return _pictograms(lambda kind, name: [kind])


def tags() -> Sides:
    """OpenMoji's pictograms with tags: their kind, and each word of their name. A tag is true of many pictures, and a
    picture is shown with one of its tags each time."""
    return _pictograms(lambda kind, name: [kind, *(word for word in words(name, "en") if word not in _SMALL)])


def _pictograms(said: Callable[[str, str], list[str]]) -> Sides:
    """Pictograms with what is said of their kind and name."""
    config = CaptionedConfig(source="builtin:openmoji-names", size=SIDE, channels=3, fit="contain", validation=0.2)
    found = read_captioned(config, 1)
    kind = {picture.name: picture.label.replace("-", " ") for picture in openmoji_kinds()}

    def captions(side: Side) -> Captions:
        both = zip(side.names, side.captions, strict=True)
        return [{"en": said(kind[name], own["en"][0])} for name, own in both]

    return found.train.media, captions(found.train), found.validation.media, captions(found.validation)


def pairs() -> Sides:
    """Two handwritten digits in a row or a column, and both ways to say so: "a two left of a five", "a five right of a
    two". Digits that are held back are other pictures of the same."""
    drawn = [(int(one.label), np.asarray(one.open(28))) for one in digits()]
    order = np.random.default_rng(0).permutation(len(drawn))
    parts = order[len(drawn) // 5 :], order[: len(drawn) // 5]
    known, held = ([drawn[number] for number in part] for part in parts)
    return *_two_digits(known, 2400, 1), *_two_digits(held, 480, 2)


def _two_digits(drawn: list[tuple[int, np.ndarray]], count: int, seed: int) -> tuple[Tensor, Captions]:
    draw = np.random.default_rng(seed)
    pictures = np.zeros((count, SIDE, SIDE), np.uint8)
    captions = []
    for picture in pictures:
        row = draw.random() < 0.5
        names = []
        for place in (_NEAR, _FAR):
            digit, shape = drawn[draw.integers(len(drawn))]
            along, across = place + draw.integers(-_NEAR, _SHIFT - _NEAR + 1), 18 + draw.integers(-_SHIFT, _SHIFT + 1)
            top, left = (across, along) if row else (along, across)
            cell = picture[top : top + 28, left : left + 28]
            np.maximum(cell, shape, out=cell)
            names.append(DIGIT_NAMES["en"][digit])
        first, second = names
        before, after = ("left of", "right of") if row else ("above", "below")
        captions.append({"en": [f"a {first} {before} a {second}", f"a {second} {after} a {first}"]})
    return torch.from_numpy(pictures)[:, None].repeat(1, 3, 1, 1), captions


def figures() -> Sides:
    """Coloured figures of two sizes in five places: 240 captions that recur."""
    return *_figures(1200, 1), *_figures(480, 2)


def _figures(count: int, seed: int) -> tuple[Tensor, Captions]:
    """Figures at random, a little moved and turned, with captions that are wholly true of them."""
    from PIL import Image, ImageDraw

    draw = np.random.default_rng(seed)
    pictures, captions = [], []
    for _ in range(count):
        colour, place, figure = (str(draw.choice(list(names))) for names in (_COLOURS, _PLACES, _FIGURES))
        small = bool(draw.random() < 0.5)
        ground = int(draw.integers(200, 256))
        image = Image.new("RGB", (4 * SIDE, 4 * SIDE), (ground,) * 3)
        centre = 4 * SIDE * (np.array(_PLACES[place]) + draw.uniform(-0.05, 0.05, 2))
        radius = 4 * SIDE * (0.1 if small else 0.2) * draw.uniform(0.85, 1.15)
        pen, turn = ImageDraw.Draw(image), draw.uniform(-0.2, 0.2)
        if figure == "circle":
            pen.ellipse([*(centre - radius), *(centre + radius)], fill=_COLOURS[colour])
        else:
            turned = _corners(figure) @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
            pen.polygon([tuple(centre + radius * point) for point in turned], fill=_COLOURS[colour])
        pictures.append(np.asarray(image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)).transpose(2, 0, 1))
        captions.append({"en": [f"a {'small' if small else 'large'} {colour} {figure} {place}"]})
    return torch.from_numpy(np.stack(pictures)), captions


def _corners(figure: str) -> np.ndarray:
    """Of a figure about the origin, of radius 1: [corners, 2]"""
    if figure == "cross":
        return np.array(_CROSS) / 3
    sides = 4 if figure == "square" else 3
    angles = np.arange(sides) * 2 * np.pi / sides + (np.pi / 4 if sides == 4 else -np.pi / 2)
    return np.stack((np.cos(angles), np.sin(angles)), 1)


SETS: dict[str, Callable[[], Sides]] = {
    "names": partial(captioned, "builtin:openmoji-names"),
    "kinds": kinds,
    "tags": tags,
    "pairs": pairs,
    "figures": figures,
}
