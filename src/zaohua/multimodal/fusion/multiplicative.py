"""Fusion by products of features: of all modalities, in full or at low rank, or of every pair."""

from collections.abc import Mapping
from itertools import combinations
from math import prod

import torch
from torch import Tensor, nn

from zaohua.multimodal.fusion.base import Fused, Stepwise

_MOST = 1 << 16  # products in one step of a tensor: more is slow, and a matrix behind it of millions of numbers


class TensorFusion(Stepwise):
    """A matrix on [1; v_1] ⊗ … ⊗ [1; v_M], Zadeh et al. 2017 (arXiv:1707.07250): every product of features, each of
    another modality or of fewer of them. Of an absent modality the 1 stays: what is left are the products without it.

    width: numbers of each modality that go into the product.
    """

    def __init__(
        self, dims: Mapping[str, int], dim: int, *, width: int = 16, clock: str | None = None, null: bool = True
    ) -> None:
        products = prod(width + 1 for _ in dims)
        if products > _MOST:
            raise ValueError(
                f"{len(dims)} modalities of width {width} make {products:,} products, over {_MOST:,}; use lowrank"
            )
        super().__init__(dims, dim, width, clock=clock, null=null)
        self.out = nn.Linear(products, dim, bias=False)  # the product of the ones is the bias

    def combine(self, values: list[Tensor], present: Tensor) -> Fused:
        one = present.new_ones(*present.shape[:2], 1, dtype=values[0].dtype)
        product = one
        for value in values:
            product = (product[..., :, None] * torch.cat([one, value], dim=-1)[..., None, :]).flatten(-2)
        return Fused(self.out(product), present.any(-1), None)


class LowRank(Stepwise):
    """Σ_r w_r Π_m (c_{m,r} + v_{m,r}) + b: the tensor's matrix as a sum of `rank` products of one factor per modality.

    Liu et al. 2018 (arXiv:1806.00064), with the factor's part for the appended 1 written as c, from which it starts at
    1: a product of small random numbers would start where no gradient is. An absent modality leaves its c.
    """

    def __init__(
        self, dims: Mapping[str, int], dim: int, *, rank: int = 4, clock: str | None = None, null: bool = True
    ) -> None:
        super().__init__(dims, dim, rank * dim, bias=False, clock=clock, null=null)
        self.constants = nn.Parameter(torch.ones(len(dims), rank * dim))
        self.mix = nn.Parameter(torch.randn(rank, dim) / rank**0.5)
        self.bias = nn.Parameter(torch.zeros(dim))

    def combine(self, values: list[Tensor], present: Tensor) -> Fused:
        product = torch.stack([c + value for c, value in zip(self.constants, values, strict=True)]).prod(0)
        return Fused((product.unflatten(-1, self.mix.shape) * self.mix).sum(-2) + self.bias, present.any(-1), None)


class Bilinear(Stepwise):
    """Σ_m U_m v_m + Σ_{m<n} v_mᵀ W_mn v_n + b: every pair of modalities by a full bilinear form.

    The multiplicative interactions of Jayakumar et al. 2020 (ICLR), for any number of modalities. Of an absent one
    nothing is left but what the others say.

    width: numbers of each modality that go into the forms. bounded: whether a tanh keeps them below 1, so that no
    product of strange features can be large.
    """

    def __init__(
        self,
        dims: Mapping[str, int],
        dim: int,
        *,
        width: int = 16,
        bounded: bool = False,
        clock: str | None = None,
        null: bool = True,
    ) -> None:
        super().__init__(dims, dim, width, clock=clock, null=null)
        self.bounded = bounded
        self.pairs = list(combinations(range(len(dims)), 2))
        self.linear = nn.Linear(width * len(dims), dim)
        self.forms = nn.ModuleList(nn.Linear(width * width, dim, bias=False) for _ in self.pairs)

    def combine(self, values: list[Tensor], present: Tensor) -> Fused:
        if self.bounded:
            values = [value.tanh() for value in values]
        x = self.linear(torch.cat(values, dim=-1))
        for form, (m, n) in zip(self.forms, self.pairs, strict=True):
            x = x + form((values[m][..., :, None] * values[n][..., None, :]).flatten(-2))
        return Fused(x, present.any(-1), None)
