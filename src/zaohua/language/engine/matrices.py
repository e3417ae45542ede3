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
from zaohua.nn.onednn import OneDNN

# What only gradients need is left out where PyTorch has this: an eighth less for one of a small model's matrices.
_bags = getattr(torch, "_embedding_bag_forward_only", torch.embedding_bag)


class Plain:
    """Any device and number format. What stands beside a row may change how it is rounded here."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self.weight, self.bias = weight, bias

    def padding(self, count: int) -> int:
        """Rows that must stand below so many."""
        return 0

    def __call__(self, x: Tensor) -> Tensor:
        """[N, K] -> [N, M]"""
        return F.linear(x, self.weight, self.bias)

    def add(self, x: Tensor, to: Tensor) -> Tensor:
        """The product added to `to` [N, M]."""
        return to + self(x)


class Sums:
    """The same numbers, sooner for one row alone where the weights come out of the processor's cache; held twice.

    W x = Σₖ xₖ W[:, k] is a weighted sum of vectors, which is what embedding_bag is made for: one bag for each part of
    the outputs. It adds up in the order in which oneDNN does, within blocks of so many inputs.
    """

    def __init__(self, weight: Tensor, several: OneDNN, block: int) -> None:
        inputs, parts = weight.shape[1], _parts(len(weight))
        self.several, self.bias = several, several.bias
        self.parts, self.blocks = parts, -(-inputs // block)
        cut = weight.view(parts, -1, inputs).transpose(1, 2).contiguous()
        self.table = cut.view(parts * inputs, -1)
        self.rows = torch.arange(parts * inputs)
        starts = torch.arange(0, parts * inputs, inputs)[:, None] + torch.arange(0, inputs, block)  # [parts, blocks]
        self.bounds = torch.cat((starts.flatten(), torch.tensor([parts * inputs])))

    def padding(self, count: int) -> int:
        """Rows that must stand below so many."""
        return 0 if count == 1 else self.several.padding(count)

    def __call__(self, x: Tensor) -> Tensor:
        """[N, K] -> [N, M]"""
        if x.shape[0] > 1:  # not len(x), which costs a tenth of all this
            return self.several(x)
        factors = torch.cat((x,) * self.parts).view(-1)
        sums, *_ = _bags(self.table, self.rows, self.bounds, False, 0, False, factors, True)
        if self.blocks > 1:
            first, *others = sums.view(self.parts, self.blocks, -1).unbind(1)
            sums = sum(others, first)
        y = sums.reshape(1, -1)
        return y if self.bias is None else y.add_(self.bias)

    def add(self, x: Tensor, to: Tensor) -> Tensor:
        """The product added to `to` [N, M]."""
        return self.several.add(x, to) if x.shape[0] > 1 else self(x).add_(to)

    @classmethod
    def like(cls, several: OneDNN, weight: Tensor) -> "Sums | None":
        """One that gives the bits of `several`, in whatever blocks that sums here; None if there is none."""
        x = torch.rand(4, weight.shape[1], generator=torch.Generator().manual_seed(0)) - 0.5
        expected = several(x)
        for block in (weight.shape[1], 1024, 512):
            found = cls(weight, several, block)
            y = torch.cat([found(row) for row in x.split(1)])
            added = torch.cat([found.add(row, to) for row, to in zip(x.split(1), y.split(1), strict=True)])
            if torch.equal(y, expected) and torch.equal(added, several.add(x, y)):
                return found
        return None


def _parts(outputs: int) -> int:
    """Into how many equal parts outputs are cut: as many for each thread, of about 128 where they are many."""
    threads = torch.get_num_threads()
    return next((n for n in range(max(threads, outputs // 128), outputs) if n % threads == outputs % n == 0), 1)


class Int8:
    """Weights of one byte, see zaohua.nn.int8."""

    def __init__(self, linear: Int8Linear) -> None:
        self.linear = linear

    def padding(self, count: int) -> int:
        """Rows that must stand below so many."""
        return 0

    def __call__(self, x: Tensor) -> Tensor:
        """[N, K] -> [N, M]"""
        return self.linear.forward(x)  # modules themselves cost as much as two small operations

    def add(self, x: Tensor, to: Tensor) -> Tensor:
        """The product added to `to` [N, M]."""
        return self(x).add_(to)


Linear = nn.Linear | Int8Linear
Matrix = Plain | OneDNN | Sums | Int8


def joined(
    linears: Sequence[Linear],
    *,
    gain: Tensor | None = None,
    rows: Tensor | None = None,
    outputs: int = 0,
    inputs: int = 0,
    small: bool = False,
) -> Matrix:
    """One matrix of several that multiply the same input, their outputs end to end.

    gain: [K], a factor of every input, taken into the weights (not into int8 ones). rows: a new order of the
    outputs. outputs, inputs: widen each with zeros to so many, if it has fewer. small: of a model that fits
    into the processor's cache.
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
        return Int8(Int8Linear(weight, scale, bias).pack())
    if not OneDNN.serves(weight):
        return Plain(weight, bias)
    several = OneDNN(weight, bias)
    return (Sums.like(several, weight) if small else None) or several
