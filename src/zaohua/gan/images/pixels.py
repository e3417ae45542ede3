"""Between pictures as bytes and as networks see them, and pictures laid out as one."""

import numpy as np
import torch
from torch import Tensor

from zaohua.data.pictures.fit import flat

_PAPER = (255, 255, 255)
_CELL = 64  # pixels that a small picture is enlarged to in a grid, by a whole number of times
_GAP = 2


def to_floats(pixels: Tensor) -> Tensor:
    """uint8 [N, C, H, W] -> float32 in -1 … 1"""
    return pixels.float() / 127.5 - 1


def to_bytes(x: Tensor) -> Tensor:
    """float [N, C, H, W], of which -1 … 1 is kept -> uint8"""
    return ((x.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)


def enlarged(pixels: np.ndarray, side: int) -> np.ndarray:
    """Every picture made larger by the whole number of times that brings it nearest to `side`. [N, H, W, C]"""
    times = max(1, round(side / pixels.shape[1]))
    return pixels.repeat(times, axis=1).repeat(times, axis=2)


def grid(pixels: Tensor, columns: int) -> np.ndarray:
    """Pictures in rows of `columns`, on white. uint8 [N, C, H, W] -> uint8 [H', W', 1 or 3]"""
    cells = enlarged(flat(pixels.permute(0, 2, 3, 1).numpy(), _PAPER), _CELL)
    count, height, width, channels = cells.shape
    rows = -(-count // columns)
    page = np.full((rows * (height + _GAP) + _GAP, columns * (width + _GAP) + _GAP, channels), 255, np.uint8)
    for place, cell in enumerate(cells):
        y, x = (
            _GAP + index * (side + _GAP) for index, side in zip(divmod(place, columns), (height, width), strict=True)
        )
        page[y : y + height, x : x + width] = cell
    return page
