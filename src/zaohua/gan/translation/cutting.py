"""Pieces of pictures to learn from, cut out and mirrored by the key of their sample."""

import torch
from torch import Tensor

from zaohua.seeding import uniform

_WHERE, _MIRRORED = 0, 1  # sites of randomness


def cut(pictures: Tensor, keys: Tensor, side: int, *, flip: bool) -> Tensor:
    """A square of each picture, and with `flip` half of them in a mirror; equal keys cut equally. uint8 [B, C, H, W],
    int32 [B] -> uint8 [B, C, side, side]"""
    height, width = pictures.shape[-2:]
    if (height, width) != (side, side):
        room = torch.tensor([height - side + 1, width - side + 1])
        corner = (uniform(keys, 2, _WHERE).cpu() * room).long()  # [B, 2]
        pieces = [one[:, y : y + side, x : x + side] for one, (y, x) in zip(pictures, corner.tolist(), strict=True)]
        pictures = torch.stack(pieces)
    if flip:
        mirrored = uniform(keys, 1, _MIRRORED)[:, 0] < 0.5
        pictures = torch.where(mirrored.to(pictures.device)[:, None, None, None], pictures.flip(-1), pictures)
    return pictures


def as_numbers(pictures: Tensor) -> Tensor:
    """uint8 0 … 255 -> float32 -1 … 1"""
    return pictures.float() / 127.5 - 1


def as_bytes(numbers: Tensor) -> Tensor:
    """float -1 … 1, cut at its ends -> uint8 0 … 255"""
    return ((numbers.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
