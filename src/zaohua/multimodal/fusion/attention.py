"""Attention over modalities (seed §4.3).

h_t = Σ_m α_{t,m} v_{t,m},   α_{t,m} = exp(e_{t,m}) / Σ_m' exp(e_{t,m'})
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from zaohua.multimodal.fusion.base import Fused, Stepwise


def modality_weights(scores: Tensor, present: Tensor) -> Tensor:
    """α: the softmax of the scores e over the modalities that are present; all 0 where none is.

    scores: [B, T, M] or [B, T, M, D], a softmax for each number of D; present: bool, of the same shape or with 1 for D.
    """
    over_modalities = 2
    somewhere = present.any(over_modalities, keepdim=True)  # a softmax over nothing would be NaN, and so its gradient
    return scores.masked_fill(~present & somewhere, -torch.inf).softmax(over_modalities) * present


def weighted_sum(weights: Tensor, values: Tensor) -> Tensor:
    """h_t = Σ_m α_{t,m} v_{t,m}. weights: [B, T, M]; values: [B, T, M, D] -> [B, T, D]"""
    return (weights[..., None, :] @ values).squeeze(-2)


class Attention(Stepwise):
    """The sum of what is present by softmax weights of the score e_{t,m} = wᵀ tanh(W_m f_{t,m} + b_m), additive as in
    Bahdanau et al. 2015 (arXiv:1409.0473), of the modality's own feature f. An absent modality's score is -∞.

    score_width: numbers in the tanh.
    """

    def __init__(
        self, dims: Mapping[str, int], dim: int, *, score_width: int = 32, clock: str | None = None, null: bool = True
    ) -> None:
        super().__init__(dims, dim, dim, clock=clock, null=null)
        self.score = nn.ModuleList(
            nn.Sequential(nn.Linear(dim, score_width), nn.Tanh(), nn.Linear(score_width, 1)) for _ in self.dims
        )

    def combine(self, values: list[Tensor], present: Tensor) -> Fused:
        scores = torch.cat([score(value) for score, value in zip(self.score, values, strict=True)], dim=-1)
        weights = modality_weights(scores, present)
        return Fused(weighted_sum(weights, torch.stack(values, dim=2)), present.any(-1), weights)
