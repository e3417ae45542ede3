"""Rotary positions (Su et al. 2021, arXiv:2104.09864): each pair of a head's channels turns with the position."""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class RopeScaling:
    """Slower rotation for contexts longer than the one a model was first trained with.

    kind "linear" slows every pair by `factor` (Chen et al. 2023, arXiv:2306.15595). "llama3" slows those whose
    wavelength exceeds `original_context` / `low` by `factor`, leaves those shorter than `original_context` / `high`,
    and passes smoothly from one to the other (Llama 3 herd of models, arXiv:2407.21783, and its reference code).
    """

    kind: str
    factor: float
    low: float = 1.0
    high: float = 4.0
    original_context: int = 8192

    def apply(self, frequencies: Tensor) -> Tensor:
        """Slow these angular frequencies, in radians per position."""
        slowed = frequencies / self.factor
        if self.kind == "linear":
            return slowed
        turns = self.original_context * frequencies / (2 * math.pi)  # within the first context
        share = ((turns - self.low) / (self.high - self.low)).clamp(0, 1)  # how much stays as it was
        return slowed + share * (frequencies - slowed)


def rotary_table(
    length: int,
    head_dim: int,
    theta: float,
    *,
    scaling: RopeScaling | None = None,
    device: torch.device | None = None,
    dtype: torch.dtype | None = None,
) -> tuple[Tensor, Tensor]:
    """Cosines and sines of rotary positions 0 … T-1, 2 x [T, head_dim]."""
    frequencies = theta ** -(torch.arange(0, head_dim, 2, device=device, dtype=torch.float32) / head_dim)
    if scaling is not None:
        frequencies = scaling.apply(frequencies)
    angles = torch.outer(torch.arange(length, device=device, dtype=torch.float32), frequencies)  # [T, head_dim / 2]
    angles = torch.cat((angles, angles), dim=-1)
    return angles.cos().to(dtype), angles.sin().to(dtype)


class RotaryTable:
    """The table of one model, grown as longer texts come; kept, because making it anew for every token of a text would
    cost as much as a small layer."""

    def __init__(self, head_dim: int, theta: float, scaling: RopeScaling | None = None) -> None:
        self.head_dim, self.theta, self.scaling = head_dim, theta, scaling
        self._table = (torch.empty(0, head_dim), torch.empty(0, head_dim))

    def rows(self, start: int, time: int, like: Tensor) -> tuple[Tensor, Tensor]:
        """Cosines and sines of `time` positions from `start` on, on `like`'s device in its dtype, 2 x [T, d]."""
        cos, sin = self._up_to(start + time, like)
        return cos[start : start + time], sin[start : start + time]

    def at(self, positions: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
        """The same for positions of their own in every row: [B, T] -> 2 x [B, 1, T, d]."""
        cos, sin = self._up_to(int(positions.max()) + 1, like)
        return cos[positions][:, None], sin[positions][:, None]

    def _up_to(self, length: int, like: Tensor) -> tuple[Tensor, Tensor]:
        cos, sin = self._table  # another thread may put a shorter one in its place
        if len(cos) < length or cos.dtype != like.dtype or cos.device != like.device:
            length = max(length, len(cos))
            with torch.inference_mode(False):  # a table first made for an evaluation also serves training
                self._table = cos, sin = rotary_table(
                    length,
                    self.head_dim,
                    self.theta,
                    scaling=self.scaling,
                    device=like.device,
                    dtype=like.dtype,
                )
        return cos, sin


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn each pair (x_i, x_{i+d/2}) by its position's angle. x: [B, H, T, d]; cos, sin: [T, d] or [B, 1, T, d]."""
    return _Rotate.apply(x, cos, sin)


class _Rotate(torch.autograd.Function):
    """The turn in three operations, its gradient in three more: turning back. Left to autograd, slices and
    concatenations cost a small model 6% of its training step."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        ctx.save_for_backward(cos, sin)
        return _turn(x, cos, sin)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        cos, sin = ctx.saved_tensors
        return _turn(gradient, cos, -sin), None, None


def _turn(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    half = x.shape[-1] // 2
    turned = x * cos
    turned[..., :half].addcmul_(x[..., half:], sin[..., :half], value=-1)
    turned[..., half:].addcmul_(x[..., :half], sin[..., half:])
    return turned
