"""Products with a model's matrices, by the fastest kernel at hand that treats every row as if it were alone.

The rows of a batch belong to different texts. A plain product rounds a row differently when there are two, so that a
text could depend on what others are being written. oneDNN's packed product and the int8 one do not: measured and
tested, row by row, bit by bit.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.nn.int8 import Int8Linear


class Plain:
    """Any device and number format."""

    whole = 1  # rows come in multiples of so many

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self.weight, self.bias = weight, bias

    def __call__(self, x: Tensor) -> Tensor:
        """[N, K] -> [N, M]"""
        return F.linear(x, self.weight, self.bias)

    def add(self, x: Tensor, to: Tensor) -> Tensor:
        """The product added to `to` [N, M]."""
        return to + self(x)


class OneDNN:
    """fp32 on a CPU: weights packed for oneDNN, which also adds to the residual stream within the product.

    Its kernel for four rows reads weights a third faster than the one for a single row (20 of 20 GB/s against 15).
    """

    whole = 4

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self.packed, self.bias = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), None), bias
        self._multiply = torch.ops.mkldnn._linear_pointwise.default
        self._multiply_add = torch.ops.mkldnn._linear_pointwise.binary

    def __call__(self, x: Tensor) -> Tensor:
        """[N, K] -> [N, M]"""
        return self._multiply(x, self.packed, self.bias, "none", [], "")

    def add(self, x: Tensor, to: Tensor) -> Tensor:
        """The product added to `to` [N, M]."""
        return self._multiply_add(x, to, self.packed, self.bias, "add")

    @staticmethod
    def serves(weight: Tensor) -> bool:
        """Whether this machine and build of PyTorch have it for such a weight."""
        there = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_reorder_linear_weight")
        return there and weight.device.type == "cpu" and weight.dtype == torch.float32


class Int8:
    """Weights of one byte, see zaohua.nn.int8."""

    whole = 1

    def __init__(self, linear: Int8Linear) -> None:
        self.linear = linear

    def __call__(self, x: Tensor) -> Tensor:
        """[N, K] -> [N, M]"""
        return self.linear.forward(x)  # modules themselves cost as much as two small operations

    def add(self, x: Tensor, to: Tensor) -> Tensor:
        """The product added to `to` [N, M]."""
        return self(x).add_(to)


Linear = nn.Linear | Int8Linear
Matrix = Plain | OneDNN | Int8


def joined(
    linears: Sequence[Linear],
    *,
    gain: Tensor | None = None,
    rows: Tensor | None = None,
    outputs: int = 0,
    inputs: int = 0,
) -> Matrix:
    """One matrix of several that multiply the same input, their outputs end to end.

    gain: [K], a factor of every input, taken into the weights (not into int8 ones). rows: a new order of the
    outputs. outputs, inputs: widen each with zeros to so many, if it has fewer.
    """

    def widened(x: Tensor) -> Tensor:
        new = (0, max(0, outputs - len(x)))
        return F.pad(x, new if x.ndim == 1 else (0, max(0, inputs - x.shape[1]), *new))

    def vector(name: str) -> Tensor | None:
        if getattr(linears[0], name, None) is None:
            return None
        whole = torch.cat([widened(getattr(linear, name).detach()) for linear in linears])
        return whole if rows is None else whole[rows]

    weight = torch.cat([widened(linear.weight.detach()) for linear in linears])
    weight = weight if gain is None else weight * gain
    weight = weight if rows is None else weight[rows]
    bias, scale = vector("bias"), vector("scale")
    if scale is not None:
        return Int8(Int8Linear(weight, scale, bias))
    return OneDNN(weight, bias) if OneDNN.serves(weight) else Plain(weight, bias)
