"""What a tokeniser's decoder learns from beside a discriminator, and before it: first what is decoded comes near its
original, then it is sharpened.

A distance alone makes of all that a code may mean the mean, which is blurred; a discriminator from the start would be
answered with details that the codes do not know.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from zaohua.gan.adversarial import Batch
from zaohua.gan.translation.losses import l1
from zaohua.multimodal.tokenisers.config import TokeniserLossConfig
from zaohua.training.task import Draw

_SCALES = (1, 2, 4)  # pixels a side that are averaged before neighbours are compared
Numbers = dict[str, Tensor]


@dataclass(frozen=True)
class Fidelity:
    """Beside the adversarial loss: near the original, and as steep where it is steep."""

    loss: TokeniserLossConfig

    def __call__(self, batch: Batch, made: Tensor, draw: Draw) -> tuple[Tensor, Numbers]:
        made = made.float()
        numbers = {"l1": l1(made, batch.real), "gradient": gradient_distance(made, batch.real)}
        return self.loss.l1 * numbers["l1"] + self.loss.gradient * numbers["gradient"], numbers


def gradient_distance(made: Tensor, wanted: Tensor, scales: Sequence[int] = _SCALES) -> Tensor:
    """Mean over the scales of E[|∂x(ŷ - y)|] + E[|∂y(ŷ - y)|], the differences between neighbours (Mathieu et al. 2016,
    arXiv:1511.05440, §3.2) of pictures made smaller by that factor. [B, C, H, W] twice -> scalar"""
    terms = []
    for scale in scales:
        # What is averaged and what is subtracted may change places, so that one pass serves both pictures.
        apart = F.avg_pool2d(made - wanted, scale) if scale > 1 else made - wanted
        terms += [apart.diff(dim=dim).abs().mean() for dim in (2, 3)]
    return torch.stack(terms).sum() / len(scales)
