"""Matrices of one byte per weight: per output channel, by its largest magnitude, to nearest.

W ≈ q ⊙ s, q int8 [M, K], s = max |row| / 127 [M, 1].

Only the weights are rounded for good. The fast kernel multiplies integers by integers, so an input is written in two
digits, x ≈ a / 63 (d₁ + d₂ / 126) with a = max |x|, and both are multiplied in one pass over the weights: 13 bits, each
row by itself, whatever stands beside it in the batch.
"""

import threading
import warnings
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# The kernel measures its input's range itself, over the whole batch. Two more columns, without weight, hold the ends of
# 7 bits, so that it always finds the same range and takes whole numbers as they are. (With 8 bits, processors without
# VNNI instructions would overflow.)
_ENDS = torch.tensor((-64.0, 63.0))
_DIGIT = 63
_LEAST = torch.tensor(1e-30)  # of a step: a row of zeros has none
_FEW = 64
_threads = threading.local()

AnyModule = TypeVar("AnyModule", bound=nn.Module)
_KERNEL = "fbgemm" in torch.backends.quantized.supported_engines and hasattr(
    torch, "_make_per_channel_quantized_tensor"
)


class Int8Linear(nn.Module):
    """x Wᵀ + b with W of one byte per weight. [..., K] -> [..., M]"""

    weight: Tensor
    scale: Tensor
    bias: Tensor | None

    def __init__(self, weight: Tensor, scale: Tensor, bias: Tensor | None) -> None:
        """weight: int8 [M, K]; scale: fp32 [M]; bias: [M]."""
        super().__init__()
        self.register_buffer("weight", weight)
        self.register_buffer("scale", scale)
        self.register_buffer("bias", bias)
        self.out_features, self.in_features = weight.shape
        self._packed: torch.ScriptObject | None = None

    @classmethod
    def of(cls, linear: nn.Linear) -> "Int8Linear":
        """`linear` with its weights rounded."""
        # What stays comes first: freed below it, the larger numbers on the way would leave holes in the heap.
        rounded = torch.empty_like(linear.weight, dtype=torch.int8, requires_grad=False)
        weight = linear.weight.detach().float()
        scale = torch.linalg.vector_norm(weight, torch.inf, dim=1).div_(127).clamp_min_(torch.finfo(torch.float32).tiny)
        rounded.copy_((weight / scale[:, None]).round_())
        return cls(rounded, scale, None if linear.bias is None else linear.bias.detach())

    def pack(self) -> "Int8Linear":
        """Keep the weights in the fast kernel's own layout alone, where there is that kernel."""
        if _KERNEL and self.weight.device.type == "cpu":
            self._packed = _pack(self.weight, self.scale)
            self.weight = self.weight.new_empty(0)
        return self

    def forward(self, x: Tensor) -> Tensor:
        """[..., K] -> [..., M]"""
        if x.device.type != "cpu" or not _KERNEL:
            y = F.linear(x, self.weight.to(x.dtype)) * self.scale.to(x.dtype)
        elif x.ndim == 2 and x.dtype == torch.float32:
            y = self.multiply(x)
        else:
            y = self.multiply(x.reshape(-1, self.in_features).float()).view(*x.shape[:-1], -1).to(x.dtype)
        return y if self.bias is None else y + self.bias.to(y.dtype)

    def multiply(self, x: Tensor) -> Tensor:
        """x Wᵀ by the fast kernel. fp32 [N, K] -> [N, M]"""
        if self._packed is None:
            self._packed = _pack(self.weight, self.scale)
        digits, first, second = _digits(*x.shape)
        largest = torch.linalg.vector_norm(x, torch.inf, dim=-1, keepdim=True)
        step = torch.add(_LEAST, largest, alpha=1 / _DIGIT)  # [N, 1]
        scaled = x / step
        torch.round(scaled, out=first)
        torch.sub(scaled, first, out=second).mul_(2 * _DIGIT)  # the kernel rounds what comes last
        y = torch.ops.quantized.linear_dynamic.default(digits, self._packed, True)  # [2N, M], True: 7 bits
        rows = x.shape[0]
        return torch.add(y[:rows], y[rows:], alpha=0.5 / _DIGIT).mul_(step)


def _digits(rows: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """Room for the digits of so many rows, the ends of the range in place: all of it, first digits, second digits.
    Each thread keeps what it uses for every token."""
    kept = _threads.__dict__.setdefault("rooms", {})
    if (rows, width) in kept:
        return kept[rows, width]
    with torch.inference_mode(False):
        digits = torch.empty(2 * rows, width + len(_ENDS))
        digits[:, width:] = _ENDS
        room = (digits, digits[:rows, :width], digits[rows:, :width])
    if rows <= _FEW:
        kept[rows, width] = room
    return room


def _pack(weight: Tensor, scale: Tensor) -> "torch.ScriptObject":
    """The kernel's own layout of the weights, with two columns of zeros for the ends of the range."""
    zeros = torch.zeros(len(scale), dtype=torch.int64)
    before, torch.backends.quantized.engine = torch.backends.quantized.engine, "fbgemm"
    try:
        with warnings.catch_warnings(action="ignore"):  # PyTorch means to move such tensors to another library one day
            padded = F.pad(weight, (0, len(_ENDS)))
            return torch.ops.quantized.linear_prepack(
                torch._make_per_channel_quantized_tensor(padded, scale.double(), zeros, 0), None
            )
    finally:
        torch.backends.quantized.engine = before


def to_int8(module: AnyModule) -> AnyModule:
    """Put an Int8Linear in the place of every linear layer inside `module`, which is returned; embeddings and norms
    stay as they are, and a head tied to the embeddings becomes a matrix of its own."""
    for name, child in module.named_children():
        if isinstance(child, nn.Linear):
            setattr(module, name, Int8Linear.of(child))
        else:
            to_int8(child)
    return module
