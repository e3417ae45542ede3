"""Guided texts: each is read twice, with and without what guides it, and written once. See Guidance."""

from collections.abc import Sequence

import torch
from torch import Tensor

from zaohua.language.engine.running import Running


def pair(text: Running, unguided: Running | None = None) -> None:
    """Let each of the two readings of a text know the other."""
    if unguided is not None:
        text.unguided, unguided.guided = unguided, text


def merged(texts: Sequence[Running], logits: Tensor) -> tuple[list[Running], Tensor]:
    """Those for which a token can be chosen, and their logits: the two readings of a guided text become one row. One
    whose other reading is not here keeps its row until that comes. [N, V] -> [M, V]"""
    chosen: list[Running] = []
    with_it: list[Tensor] = []
    without: list[Tensor] = []
    scales: list[float] = []
    for text, row in zip(texts, logits, strict=True):
        other = text.partner
        if other is None:
            ahead, scale, leader = row, 1.0, text
        elif other.ahead is None:
            text.ahead = row
            continue
        else:
            assert text.request.guidance is not None
            ahead, other.ahead, scale = other.ahead, None, text.request.guidance.scale
            leader = text.guided or text
        guided, plain = (ahead, row) if text.guided is not None else (row, ahead)
        chosen.append(leader)
        with_it.append(guided)
        without.append(plain)
        scales.append(scale)
    if not chosen:
        return [], logits[:0]
    weights = torch.tensor(scales, device=logits.device)[:, None]
    return chosen, torch.lerp(torch.stack(without), torch.stack(with_it), weights)
