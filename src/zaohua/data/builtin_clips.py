"""The built-in sets of clips: handwritten digits that fly and bounce, pictograms that move in four ways.

All of a clip follows from its number, so that the set is the same everywhere; pictures are placed between pixels, so
that motion is smooth.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from math import cos, pi, sin
from typing import TYPE_CHECKING

import numpy as np

from zaohua.data.builtin_pictures import digits, openmoji
from zaohua.data.clip import Clip, Film
from zaohua.data.picture import Picture

if TYPE_CHECKING:
    from PIL.Image import Image

RATE = 12.0  # frames a second
_FRAMES = 32
DIGIT_CLIPS, EMOJI_CLIPS = 2_000, 800
_INK = 20  # pixels of the square in the middle of a digit's 28 that its ink fills
_OF_DIGIT, _OF_EMOJI = 0.6, 0.55  # of the frame's side that the moving picture has
_SPEED = (0.03, 0.06)  # of the side in a frame
Place = tuple[float, float, float, float]  # centre (right, down), size (of the side), turn in degrees


def moving_digits() -> Iterator[Clip]:
    """A handwritten digit in each, another one in every clip, that flies straight and bounces off the edges; its class
    is the digit. After Moving MNIST (Srivastava et al. 2015, arXiv:1502.04681), with one digit."""
    pictures = list(digits())
    for number in range(DIGIT_CLIPS):
        picture = pictures[number * len(pictures) // DIGIT_CLIPS]
        drawn = partial(_digit, picture)
        yield Clip(f"moving-digits:{number}", picture.label, _opening(drawn, _bounced(number, _OF_DIGIT)))


def moving_emoji() -> Iterator[Clip]:
    """A pictogram in each, on a pale ground of one colour, that slides and bounces, turns on the spot, grows and
    shrinks, or hops; its class is how it moves."""
    pictures = list(openmoji())
    for number in range(EMOJI_CLIPS):
        picture = pictures[number * len(pictures) // EMOJI_CLIPS]
        name, places = emoji_motion(number)
        ground = tuple(np.random.default_rng([number, 1]).integers(170, 256, 3).tolist())
        drawn = partial(_pictogram, picture, ground=ground)
        yield Clip(f"moving-emoji:{picture.name}", name, _opening(drawn, places), picture.group)


def emoji_motion(number: int) -> tuple[str, list[Place]]:
    """How the pictogram of this clip moves, and where it is in each frame."""
    motions: dict[str, Callable[[int], list[Place]]] = {
        "slide": partial(_bounced, share=_OF_EMOJI),
        "turn": _turned,
        "grow": _grown,
        "hop": _hopped,
    }
    name, motion = list(motions.items())[number % len(motions)]
    return name, motion(number)


Drawn = Callable[[int], Callable[[Place], "Image"]]  # side -> place -> frame


def _opening(drawn: Drawn, places: list[Place]) -> Callable[[int], AbstractContextManager[Film]]:
    @contextmanager
    def opened(side: int) -> Iterator[Film]:
        frame = drawn(side)
        yield Film(RATE, ((number / RATE, frame(place)) for number, place in enumerate(places)))

    return opened


def _digit(picture: Picture, side: int) -> Callable[[Place], "Image"]:
    """On black. The picture is moved by bilinear interpolation, which four shifted copies are."""
    from PIL import Image

    edge = (28 - _INK) // 2
    ink = picture.open(28).crop((edge, edge, 28 - edge, 28 - edge))
    size = round(side * _OF_DIGIT)
    light = np.asarray(ink.resize((size, size), Image.Resampling.BICUBIC), np.float32)

    def frame(place: Place) -> Image.Image:
        right, down = (centre * side - size / 2 for centre in place[:2])
        x, y = int(right), int(down)
        canvas = np.zeros((side + 1, side + 1), np.float32)
        for (dy, dx), share in zip(((0, 0), (0, 1), (1, 0), (1, 1)), _shares(right - x, down - y), strict=True):
            canvas[y + dy : y + dy + size, x + dx : x + dx + size] += share * light
        return Image.fromarray(canvas[:side, :side].round().astype(np.uint8))

    return frame


def _shares(right: float, down: float) -> tuple[float, float, float, float]:
    """Of the four pixels that a point between them falls on: above left, above right, below left, below right."""
    return (1 - down) * (1 - right), (1 - down) * right, down * (1 - right), down * right


def _pictogram(picture: Picture, side: int, *, ground: tuple[int, int, int]) -> Callable[[Place], "Image"]:
    """On its ground: drawn once, large, and carried to its place by an affine map."""
    from PIL import Image

    large = picture.open(side)  # twice that side, as the canvas, which is made smaller at the end for smooth edges
    double = 2 * side

    def frame(place: Place) -> Image.Image:
        size, turn = place[2] * double / large.width, place[3] * pi / 180
        a, b = cos(turn) / size, sin(turn) / size
        x, y, middle = place[0] * double, place[1] * double, large.width / 2
        matrix = (a, b, middle - a * x - b * y, -b, a, middle + b * x - a * y)
        moved = large.transform((double, double), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
        canvas = Image.new("RGB", (double, double), ground)
        canvas.paste(moved, mask=moved.getchannel("A"))
        return canvas.reduce(2)

    return frame


def _bounced(number: int, share: float) -> list[Place]:
    """Straight on from anywhere to anywhere, in a mirror at each edge."""
    draw = np.random.default_rng(number)
    room = 1 - share
    start, angle, speed = draw.uniform(0, 2 * room, 2), draw.uniform(0, 2 * pi), draw.uniform(*_SPEED)
    way = start + speed * np.array([cos(angle), sin(angle)]) * np.arange(_FRAMES)[:, None]
    there_and_back = np.abs((way + room) % (2 * room) - room)  # [F, 2] in 0 … room
    return [(float(x), float(y), share, 0.0) for x, y in there_and_back + share / 2]


def _turned(number: int) -> list[Place]:
    draw = np.random.default_rng(number)
    begin, speed = draw.uniform(0, 360), draw.uniform(8, 16) * draw.choice([-1, 1])
    return [(0.5, 0.5, 0.7, float(begin + speed * time)) for time in range(_FRAMES)]


def _grown(number: int) -> list[Place]:
    draw = np.random.default_rng(number)
    begin, period = draw.uniform(0, 2 * pi), draw.uniform(12, 20)
    return [(0.5, 0.5, float(0.6 + 0.25 * sin(begin + 2 * pi * time / period)), 0.0) for time in range(_FRAMES)]


def _hopped(number: int) -> list[Place]:
    """Parabolas on the ground, straight up and down."""
    draw = np.random.default_rng(number)
    begin, period, left = draw.uniform(0, 1), draw.uniform(10, 16), draw.uniform(0.3, 0.7)
    phases = (begin + np.arange(_FRAMES) / period) % 1
    return [(float(left), float(0.72 - 1.8 * phase * (1 - phase)), _OF_EMOJI, 0.0) for phase in phases]
