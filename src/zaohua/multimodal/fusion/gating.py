"""Fusion by gates: modalities let each other through, or scale and shift one another."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from zaohua.multimodal.fusion.attention import modality_weights
from zaohua.multimodal.fusion.base import Fused, Stepwise


class Gated(Stepwise):
    """Σ_m z_m ⊙ tanh(v_m), the gates z of every number adding up to 1 over the modalities present, from all of them.

    The gated multimodal unit of Arevalo et al. 2017 (arXiv:1702.01992) with a softmax in place of the pair z, 1 - z.
    The weight of a modality is the mean of its gates.
    """

    def __init__(self, dims: Mapping[str, int], dim: int, *, clock: str | None = None, null: bool = True) -> None:
        super().__init__(dims, dim, dim, clock=clock, null=null)
        self.gates = nn.Linear(dim * len(dims), dim * len(dims))

    def combine(self, values: list[Tensor], present: Tensor) -> Fused:
        scores = self.gates(torch.cat(values, dim=-1)).unflatten(-1, (len(values), self.dim))  # [B, T, M, D]
        gates = modality_weights(scores, present[..., None])
        x = (gates * torch.stack(values, dim=2).tanh()).sum(2)
        return Fused(x, present.any(-1), gates.mean(-1))


class FiLM(Stepwise):
    """(1 + Σγ(v_m)) ⊙ v + Σβ(v_m): one modality is scaled and shifted by the others, linearly in their features.

    Perez et al. 2018 (arXiv:1709.07871). An absent one has γ = β = 0; for the one that is modulated a learned token
    stands. modulated: its name; the clock, or else the first in alphabetical order, if None.
    """

    def __init__(
        self,
        dims: Mapping[str, int],
        dim: int,
        *,
        modulated: str | None = None,
        clock: str | None = None,
        null: bool = True,
    ) -> None:
        modulated = modulated or clock or min(dims, default="")
        if modulated not in dims:
            raise ValueError(f"{modulated!r} is none of the modalities {', '.join(sorted(dims))}")
        super().__init__(
            dims, dim, {name: dim if name == modulated else 2 * dim for name in dims}, clock=clock, null=null
        )
        self.modulated = self.modalities.index(modulated)
        self.absent = nn.Parameter(torch.randn(dim) / dim**0.5)

    def combine(self, values: list[Tensor], present: Tensor) -> Fused:
        x = torch.where(present[..., self.modulated, None], values[self.modulated], self.absent)
        films = [value for m, value in enumerate(values) if m != self.modulated]
        if not films:
            return Fused(x, present.any(-1), None)
        scale, shift = torch.stack(films).sum(0).chunk(2, dim=-1)
        return Fused((1 + scale) * x + shift, present.any(-1), None)
