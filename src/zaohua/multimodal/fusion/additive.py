"""Fusion of features by putting them side by side or adding them up."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from zaohua.multimodal.fusion.base import Fused, Stepwise


class Concat(Stepwise):
    """[v_1; …; v_M]: every modality has its own part of the output. A learned token stands for an absent one."""

    def __init__(self, dims: Mapping[str, int], dim: int, *, clock: str | None = None, null: bool = True) -> None:
        if dim < len(dims):
            raise ValueError(f"{len(dims)} modalities do not fit side by side into {dim} numbers")
        share, rest = divmod(dim, max(1, len(dims)))
        super().__init__(
            dims, dim, {name: share + (m < rest) for m, name in enumerate(sorted(dims))}, clock=clock, null=null
        )
        self.absent = nn.ParameterList(0.02 * torch.randn(self.widths[name]) for name in self.modalities)

    def combine(self, values: list[Tensor], present: Tensor) -> Fused:
        parts = [
            torch.where(present[..., m, None], value, token)
            for m, (value, token) in enumerate(zip(values, self.absent, strict=True))
        ]
        return Fused(torch.cat(parts, dim=-1), present.any(-1), None)


class Sum(Stepwise):
    """Σ_m v_m over what is present."""

    def __init__(self, dims: Mapping[str, int], dim: int, *, clock: str | None = None, null: bool = True) -> None:
        super().__init__(dims, dim, dim, clock=clock, null=null)

    def combine(self, values: list[Tensor], present: Tensor) -> Fused:
        return Fused(torch.stack(values).sum(0), present.any(-1), None)
