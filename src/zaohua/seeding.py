"""Randomness as a function of (seed, step, sample index), never of what ran before.

A sample's key decides its dropout masks and its noise. The global batch is therefore the same however it is
cut into micro-batches or ranks, and a resumed run draws what the unbroken one would have drawn.
The mixing function is the `lowbias32` integer hash (C. Wellons, 2018), vectorised over int32 lanes.
"""

import math

import torch
from torch import Tensor

_GOLDEN = 0x9E3779B9  # 2^32 / golden ratio: spreads consecutive integers over the whole range


def _signed(value: int) -> int:
    """The 32-bit pattern of `value` as the signed integer torch.int32 holds."""
    value &= 0xFFFFFFFF
    return value - (1 << 32) if value >= 1 << 31 else value


def _shift(x: Tensor, bits: int) -> Tensor:
    """Logical (not sign-extending) right shift of int32."""
    return (x >> bits) & ((1 << (32 - bits)) - 1)


def mix(x: Tensor) -> Tensor:
    """Scramble int32 `x` elementwise; a bijection in which every input bit moves every output bit."""
    x = (x ^ _shift(x, 16)) * _signed(0x7FEB352D)
    x = (x ^ _shift(x, 15)) * _signed(0x846CA68B)
    return x ^ _shift(x, 16)


def sample_keys(seed: int, step: int, indices: Tensor, stream: int = 0) -> Tensor:
    """One int32 key per sample. indices: [B] positions in the global batch; stream: a separate use of randomness."""
    key = mix(indices.to(torch.int32)).to(torch.int64)  # else two seeds could give one batch in another order
    for part in (seed, step, stream):
        word = (part * _GOLDEN + (part >> 32)) & 0xFFFFFFFF
        key = mix(((key & 0xFFFFFFFF) ^ word).to(torch.int32)).to(torch.int64)
    return key.to(torch.int32)


def _bits(keys: Tensor, count: int, site: int) -> Tensor:
    """Independent random int32 words. keys: [B] -> [B, count]."""
    words = torch.arange(count, dtype=torch.int32, device=keys.device) * _signed(_GOLDEN)
    return mix(mix(keys + _signed(site * _GOLDEN))[:, None] ^ mix(words))


def uniform(keys: Tensor, count: int, site: int = 0) -> Tensor:
    """Uniform numbers in (0, 1). keys: [B] -> float32 [B, count]."""
    # 23 bits and a half are the most that float32 holds exactly: with 24 the largest would round to 1.
    return (_shift(_bits(keys, count, site), 9).float() + 0.5) / (1 << 23)


def normal(keys: Tensor, count: int, site: int = 0) -> Tensor:
    """Standard normal numbers by the Box-Muller transform. keys: [B] -> float32 [B, count]."""
    radius = torch.sqrt(-2.0 * torch.log(uniform(keys, count, 2 * site)))
    return radius * torch.cos(2.0 * math.pi * uniform(keys, count, 2 * site + 1))


def dropout(x: Tensor, p: float, keys: Tensor | None, site: int) -> Tensor:
    """Zero each element of x with probability p and scale the rest by 1/(1-p).

    x: [B, T, D]. keys: [B], or None outside training (x is returned as it is). site: which dropout of the
    model this is, so that two of them never share a mask.
    """
    if keys is None or p == 0.0:
        return x
    _, time, width = x.shape
    rows = _bits(keys, time, site)  # [B, T]
    columns = mix(torch.arange(width, dtype=torch.int32, device=x.device) * _signed(_GOLDEN))  # [D]
    bits = (rows[..., None] ^ columns) * _signed(0x7FEB352D)
    bits = (bits ^ _shift(bits, 15)) * _signed(0x846CA68B)  # [B, T, D]
    keep = bits >= _signed(int(p * (1 << 32)) + (1 << 31))
    return x * keep * (1.0 / (1.0 - p))
