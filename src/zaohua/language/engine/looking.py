"""Attention of single tokens over texts that stand side by side, rounded as if each were alone.

softmax(q Kᵀ / √d + mask) V by plain products. The library under them chooses how to add up by a product's shape, so
the length of the longest text could change what another sees; `exact` finds out under which shapes it does not.
"""

from collections.abc import Sequence
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from zaohua.language.engine.slots import BLOCK

_STEP = 16  # positions: products with texts cut to whole steps round every number as if the text went on
_SMALLEST = 400  # multiplications: PyTorch takes a loop of its own for a matrix product with fewer
_AT_ONCE = 1024, 128  # positions that one product may sum over, the more the better; see `exact`


def mask_of(firsts: Sequence[int], ends: Sequence[int], begin: int, end: int) -> Tensor:
    """0 where a text looks, -inf elsewhere. fp32 [n, T]"""
    if len(ends) == 1 and firsts[0] == begin:
        return F.pad(torch.zeros(1, ends[0] - begin), (0, end - ends[0]), value=-torch.inf)
    mask = torch.full((len(ends), end - begin), -torch.inf)
    for row, first, last in zip(mask, firsts, ends, strict=True):
        row[first - begin : last - begin] = 0
    return mask


def look(q: Tensor, keys: Tensor, values: Tensor, mask: Tensor, scale: float, at_once: int, out: Tensor) -> None:
    """q: [B, G, d]; keys: [B, d, T]; values: [B, T, d]; mask: [B, 1, T]; out: [B, G, d]"""
    if values.shape[1] <= at_once:
        shares = torch.baddbmm(mask, q, keys, alpha=scale)
        torch.bmm(torch.softmax(shares, -1, out=shares), values, out=out)
        return
    parts = zip(mask.split(at_once, -1), keys.split(at_once, -1), strict=True)
    shares = torch.cat([torch.baddbmm(m, q, k, alpha=scale) for m, k in parts], -1).softmax(-1)
    for place, (share, value) in enumerate(zip(shares.split(at_once, -1), values.split(at_once, 1), strict=True)):
        torch.baddbmm(out, share, value, beta=min(place, 1), out=out)


def step_of(group: int, head_dim: int) -> int:
    """Positions in whole numbers of which texts are looked at: a step, or a block where a step is too little."""
    return _STEP if _STEP * group * head_dim >= _SMALLEST else BLOCK


@lru_cache
@torch.inference_mode()
def exact(heads: int, group: int, head_dim: int, threads: int) -> int:
    """How many positions a product may sum over on this processor, with so many heads of keys and `group` queries
    each, so that neither other texts beside one nor what they have more in length changes a bit; 0 if there is no such
    number. Found by trying.

    Libraries choose how to cut a product up by its shape: with several queries and more than some 200 positions MKL
    cuts the sum in parts of its own, on some processors at some lengths alone. So lengths are tried that leave every
    remainder, each as the longest.
    """
    step = step_of(group, head_dim)
    if step * group * head_dim < _SMALLEST:
        return 0
    generator = torch.Generator().manual_seed(0)
    longest = 2 * max(_AT_ONCE)
    lengths = list(range(5, longest, 97))
    q = torch.randn(len(lengths), heads, group, head_dim, generator=generator)
    keys, values = torch.randn(2, len(lengths), heads, longest, head_dim, generator=generator)

    def seen(rows: slice, at_once: int) -> Tensor:
        ends = lengths[rows]
        time = -(-max(ends) // step) * step
        out = torch.empty_like(q[rows]).flatten(0, 1)
        mask = mask_of([0] * len(ends), ends, 0, time)[:, None].expand(-1, heads, -1).reshape(-1, 1, time)
        k, v = (x[rows, :, :time].flatten(0, 1) for x in (keys, values))
        look(q[rows].flatten(0, 1), k.transpose(1, 2), v, mask, head_dim**-0.5, at_once, out)
        return out

    for at_once in _AT_ONCE:
        alone = torch.cat([seen(slice(i, i + 1), at_once) for i in range(len(lengths))])
        if all(torch.equal(alone[: n * heads], seen(slice(n), at_once)) for n in range(2, len(lengths) + 1)):
            return at_once
    return 0
