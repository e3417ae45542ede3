"""Small networks that turn features at some places into unit vectors that can be compared (Park et al. 2020,
arXiv:2007.15651)."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.seeding import uniform


class Heads(nn.Module):
    """Two layers for each of a generator's stages. widths: channels of the stages."""

    def __init__(self, widths: Sequence[int], size: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Linear(width, size), nn.ReLU(), nn.Linear(size, size)) for width in widths
        )

    def forward(self, stages: Sequence[Tensor], places: Sequence[Tensor]) -> list[Tensor]:
        """Of stages [B, C, h, w] at places int64 [B, N] of h·w -> unit vectors [B, N, size]."""
        found = []
        for layer, features, chosen in zip(self.layers, stages, places, strict=True):
            rows = features.flatten(2).transpose(1, 2)  # [B, h·w, C]
            found.append(F.normalize(layer(rows.gather(1, chosen[..., None].expand(-1, -1, rows.shape[2]))), dim=2))
        return found


def drawn_places(stages: Sequence[Tensor], keys: Tensor, count: int) -> list[Tensor]:
    """For every stage up to `count` places of each picture, none twice, drawn by the picture's key. int64 [B, N]"""
    found = []
    for site, features in enumerate(stages):
        lots = uniform(keys, features.shape[-2] * features.shape[-1], site)  # [B, h·w]
        found.append(torch.argsort(lots, dim=1, stable=True)[:, :count])
    return found
