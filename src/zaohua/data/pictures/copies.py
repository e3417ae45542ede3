"""Pictures that are equal or nearly so, and sounds by pictures of their spectra: to be kept on one side of the split.

Candidates agree in a 64-bit hash of how light falls from left to right in 8 × 8 cells, or in most of it: the hashes are
sorted four times, each time turned by 16 bits, and neighbours compared. A candidate counts if the 16 × 16 thumbnails
differ by less than a tenth of their contrast. Two prints of one photo do; two handwritten ones do not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zaohua.data.alike import followers
from zaohua.data.pictures.fit import flat, grey

_CELLS = 16  # a thumbnail's side; every picture size is a multiple of it
_STEP = 3.0  # of 255: lightness must rise by so much to count, so that noise in a flat sky does not
_TURNS = (0, 16, 32, 48)
_REACH = 4  # neighbours compared in each order
_CLOSE = 0.1
_EXAMPLES = 5  # pairs of near-duplicates named
_FLAT = 2.0  # standard deviation below which a thumbnail shows nothing to compare


@dataclass(frozen=True)
class Copies:
    """Which of a list of pictures are the same."""

    digests: np.ndarray  # uint64 [N, 2]
    exact: dict[int, int]  # number of a copy -> of the first picture like it
    near: dict[int, int]

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """All of them, each with the first one like it."""
        return [*self.exact.items(), *self.near.items()]

    def facts(self, names: Sequence[str]) -> dict[str, Any]:
        """What a report says of them. names: of all pictures."""
        return {
            "copies": {"exact": len(self.exact), "near": len(self.near)},
            "near_duplicates": [[names[number] for number in pair] for pair in list(self.near.items())[:_EXAMPLES]],
        }


def copies_among(contents: Sequence[tuple[int, int]], thumbnails: Sequence[np.ndarray]) -> Copies:
    """Of things with these content digests and thumbnails float32 [256]."""
    first: dict[tuple[int, int], int] = {}
    earliest = [first.setdefault(digest, number) for number, digest in enumerate(contents)]
    exact = {number: one for number, one in enumerate(earliest) if one < number}
    distinct = np.array(list(first.values()))
    found = near_copies(np.stack([thumbnails[number] for number in distinct]))
    near = {int(distinct[later]): int(distinct[one]) for later, one in found.items()}
    return Copies(np.array(contents, dtype=np.uint64), exact, near)


def thumbnail(pixels: np.ndarray) -> np.ndarray:
    """Mean lightness of 16 × 16 cells. uint8 [S, S, C] -> float32 [256]"""
    pixels = flat(pixels, (255, 255, 255))
    light = pixels if pixels.shape[2] == 1 else grey(pixels)
    cell = len(light) // _CELLS
    return light.reshape(_CELLS, cell, _CELLS, cell).mean(axis=(1, 3), dtype=np.float32).reshape(-1)


def near_copies(thumbnails: np.ndarray) -> dict[int, int]:
    """Numbers of pictures, each with that of the earlier one it nearly equals. thumbnails: float32 [N, 256]"""
    if len(thumbnails) < 2:
        return {}
    centred = thumbnails - thumbnails.mean(axis=1, keepdims=True)
    contrast = np.sqrt((centred**2).mean(axis=1))

    def alike(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        strongest = np.maximum(contrast[left], contrast[right])
        differ = np.sqrt(((centred[left] - centred[right]) ** 2).mean(axis=1))
        return (differ < _CLOSE * strongest) & (strongest > _FLAT)

    return followers(_candidates(_hashes(thumbnails)), alike)


def _hashes(thumbnails: np.ndarray) -> np.ndarray:
    """One bit for each of 8 × 8 cells: is the next one to the right lighter? float32 [N, 256] -> uint64 [N]"""
    cells = thumbnails.reshape(-1, 8, 2, 8, 2).mean(axis=(2, 4))  # [N, 8, 8]
    bits = np.roll(cells, -1, axis=2) > cells + _STEP
    return np.packbits(bits.reshape(-1, 64), axis=1).view(np.uint64)[:, 0]


def _candidates(hashes: np.ndarray) -> np.ndarray:
    """Pairs (earlier, later) that are neighbours in one of the four orders. uint64 [N] -> int64 [P, 2]"""
    found = []
    for turn in _TURNS:
        turned = (hashes << np.uint64(turn)) | (hashes >> np.uint64(64 - turn)) if turn else hashes
        order = np.argsort(turned, kind="stable")
        found += [np.stack([order[:-reach], order[reach:]], axis=1) for reach in range(1, _REACH + 1)]
    return np.sort(np.concatenate(found), axis=1)


def across(pairs: Sequence[tuple[int, int]], held: np.ndarray) -> list[tuple[int, int]]:
    """Those pairs of which one is held back and the other is not. held: bool [N]"""
    return [(later, first) for later, first in pairs if held[later] != held[first]]


def related(belonging: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of things whose source says that they belong together. belonging: of each to what; "" for nothing."""
    first: dict[str, int] = {}
    return [(first.setdefault(group, number), number) for number, group in enumerate(belonging) if group]


def groups(count: int, pairs: Sequence[tuple[int, int]]) -> np.ndarray:
    """The number of the first of all that hang together by the pairs, for each of `count` things. int64 [count]"""
    first = list(range(count))

    def root(number: int) -> int:
        while first[number] != number:
            first[number] = first[first[number]]
            number = first[number]
        return number

    for left, right in pairs:
        low, high = sorted((root(left), root(right)))
        first[high] = low
    return np.array([root(number) for number in range(count)], dtype=np.int64)
