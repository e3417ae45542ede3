"""Finite scalar quantisation: numbers rounded to a few levels each, so that a code is a place on a grid.

Mentzer et al. 2023 (arXiv:2309.15505). There is no table of codes to learn, hence none that falls into disuse. Unlike
the paper's, whose outermost levels are narrower for a tanh, here every level is 1 wide between -½ and L - ½, which an
even and an odd number of levels share.
"""

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor, nn

LEVELS = (8, 5, 5, 5)  # what the paper takes for about 1,000 codes


class FSQ(nn.Module):
    """A grid of prod(levels) codes: z [B, D, ...] to the nearest of them, D = len(levels). It has no parameters."""

    _counts: Tensor
    _places: Tensor

    def __init__(self, levels: Sequence[int] = LEVELS) -> None:
        super().__init__()
        self.levels = tuple(levels)
        counts = torch.tensor(self.levels)
        places = torch.cat((torch.ones(1, dtype=torch.int64), counts.cumprod(0)[:-1]))  # of mixed radix
        self.register_buffer("_counts", counts, persistent=False)
        self.register_buffer("_places", places, persistent=False)

    @property
    def codes(self) -> int:
        """How many there are."""
        return prod(self.levels)

    def forward(self, z: Tensor) -> Tensor:
        """Codes as the decoder sees them, in -1 … 1; the gradient passes as if nothing had been rounded. [B, D, ...]"""
        place = self._bounded(z)
        return self._scaled(place + (self._rounded(place) - place).detach())

    def grid(self) -> Tensor:
        """Every code as the decoder sees it, where this module is: float32 [codes, D]"""
        return self.values(torch.arange(self.codes, device=self._counts.device)[:, None])[..., 0]

    def ids(self, z: Tensor) -> Tensor:
        """The numbers of the codes, 0 … codes - 1: float [B, D, ...] -> int64 [B, ...]"""
        return (self._rounded(self._bounded(z)).long() * self._along(self._places, z)).sum(1)

    def values(self, ids: Tensor) -> Tensor:
        """Codes as the decoder sees them: int64 [B, ...] -> float32 [B, D, ...] in -1 … 1"""
        ids = ids[:, None]
        digits = ids // self._along(self._places, ids) % self._along(self._counts, ids)
        return self._scaled(digits.float())

    def _bounded(self, z: Tensor) -> Tensor:
        """Into -½ … L - ½, where each level is 1 wide."""
        return torch.sigmoid(z.float()) * self._along(self._counts, z) - 0.5

    def _rounded(self, place: Tensor) -> Tensor:
        """The level, 0 … L - 1: at the very ends of the range rounding alone would go beyond."""
        return place.round().clamp(min=0).minimum(self._along(self._counts, place) - 1)

    def _scaled(self, level: Tensor) -> Tensor:
        return 2 * level / (self._along(self._counts, level) - 1) - 1

    def _along(self, numbers: Tensor, like: Tensor) -> Tensor:
        """One number for each of D, to be spread over all places: [1, D, 1, ...]"""
        return numbers.view(1, -1, *(1,) * (like.ndim - 2))
