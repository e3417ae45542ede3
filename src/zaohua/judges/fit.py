"""Trains a small classifier of pictures: the shipped judges, and the fresh one that tells real from generated."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from zaohua.judges.networks.small_cnn import SmallCnn

_WEIGHT_DECAY = 1e-2
_WARMUP = 0.1  # of the steps


def fit_classifier(
    pictures: Tensor,
    labels: Tensor,
    *,
    classes: int,
    epochs: int,
    batch: int = 64,
    learning_rate: float = 3e-3,
    shift: int = 0,
    seed: int = 0,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> SmallCnn:
    """AdamW, the learning rate down a cosine. pictures: float [N, C, H, W] about -1 … 1, N at least 2; labels: [N].

    shift: each batch moves by up to so many pixels, what moves in being the pictures' edge. on_progress: called with
    steps done and all steps.
    """
    module = SmallCnn(pictures.shape[1], classes, seed).to(pictures.device)
    batch = min(batch, len(pictures))
    steps = epochs * (len(pictures) // batch)
    optimiser = torch.optim.AdamW(module.parameters(), lr=learning_rate, weight_decay=_WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _share(step / steps))
    generator = torch.Generator().manual_seed(seed)
    done = 0
    for _ in range(epochs):
        order = torch.randperm(len(pictures), generator=generator).to(pictures.device)
        for start in range(0, len(order) - batch + 1, batch):
            chosen = order[start : start + batch]
            _, logits = module(_moved(pictures[chosen], shift, generator))
            F.cross_entropy(logits, labels[chosen]).backward()
            optimiser.step()
            schedule.step()
            optimiser.zero_grad()
            done += 1
            on_progress(done, steps)
    return module.eval().requires_grad_(False)


def _share(progress: float) -> float:
    """Of the learning rate: up in a line, then down a cosine to nothing. progress: 0 … 1"""
    if progress < _WARMUP:
        return (progress + 1e-3) / (_WARMUP + 1e-3)
    return 0.5 * (1 + math.cos(math.pi * (progress - _WARMUP) / (1 - _WARMUP)))


def _moved(x: Tensor, shift: int, generator: torch.Generator) -> Tensor:
    """The whole batch by one random number of rows and of columns."""
    if shift == 0:
        return x
    down, right = torch.randint(2 * shift + 1, (2,), generator=generator).tolist()
    height, width = x.shape[-2:]
    return F.pad(x, (shift,) * 4, mode="replicate")[..., down : down + height, right : right + width]


@torch.no_grad()
def accuracy(module: SmallCnn, pictures: Tensor, labels: Tensor, *, batch: int = 256) -> float:
    """Share of the pictures that are given their label."""
    parts = zip(pictures.split(batch), labels.split(batch), strict=True)
    return sum(int((module(x)[1].argmax(1) == wanted).sum()) for x, wanted in parts) / len(pictures)
