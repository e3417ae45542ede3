"""Self- and cross-attention (seed §4.1).

Attention(Q, K, V) = softmax(Q Kᵀ / √d_k) V
"""

from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.nn.cache import KVCache
from zaohua.nn.config import TransformerConfig
from zaohua.nn.norm import RMSNorm
from zaohua.nn.rotary import rotate


@dataclass(frozen=True)
class Packed:
    """A mask for texts that stand end to end in a row: each is causal and sees no other. lengths: theirs, in order.

    The same as a block-diagonal mask, at a third to a sixth of its time: nothing outside the blocks is computed.
    """

    lengths: tuple[int, ...]


Mask = Tensor | Packed
_SHORT = 16_384  # positions times numbers of a head: 256 of 64, 512 of 32


def attention(
    q: Tensor, k: Tensor, v: Tensor, *, causal: bool = False, window: int | None = None, mask: Mask | None = None
) -> Tensor:
    """softmax(Q Kᵀ / √d_k) V, Vaswani et al. 2017 (arXiv:1706.03762), eq. 1.

    q: [B, H, T, d_k]; k, v: [B, H_kv, S, d_k] where H_kv divides H (grouped queries). causal: the queries are the last
    T of the S positions and look no further than themselves, nor, with a window, back over more than so many
    positions, their own included. mask, bool and broadcast to [B, H, T, S], True where a query may look, takes the
    place of both; Packed texts keep the window. Returns [B, H, T, d_k].
    """
    if isinstance(mask, Packed):
        texts = zip(*(x.split(mask.lengths, dim=2) for x in (q, k, v)), strict=True)
        return torch.cat([attention(*text, causal=True, window=window) for text in texts], dim=2)
    time, length = q.shape[2], k.shape[2]
    if causal and mask is None:
        reach = length if window is None else min(window, length)
        if reach < length or 1 < time < length:
            mask = _band(length, time, reach, q.device)
        causal = time == length  # a single last query sees everything as it is
    grouped, causal = q.shape[1] != k.shape[1], causal and mask is None
    attend = partial(F.scaled_dot_product_attention, attn_mask=mask, is_causal=causal, enable_gqa=grouped)
    if _wide(q, k):
        with torch.autocast("cpu", enabled=False):
            return attend(q.float(), k.float(), v.float()).to(v.dtype)
    return attend(q, k, v)


def _wide(q: Tensor, k: Tensor) -> bool:
    """Whether a training in bf16 on a CPU attends in fp32 all the same: of short rows and narrow heads PyTorch's
    backward pass in bf16 takes two to five times as long, and the more the shorter they are."""
    narrow = q.dtype == torch.bfloat16 or torch.is_autocast_enabled("cpu")
    return q.device.type == "cpu" and narrow and torch.is_grad_enabled() and k.shape[2] * k.shape[3] <= _SHORT


def _band(length: int, time: int, reach: int, device: torch.device) -> Tensor:
    """Mask of the last `time` of `length` positions that look back over `reach` positions. bool [T, S]"""
    queries, keys = torch.arange(length - time, length, device=device)[:, None], torch.arange(length, device=device)
    return (keys <= queries) & (keys > queries - reach)


class _Attention(nn.Module):
    """Projections of grouped-query attention, with RMS norm of every query and key where the shape has it."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        c = config
        self.heads, self.kv_heads, self.head_dim = c.heads, c.kv_heads, c.head_dim
        into, bias = c.heads * c.head_dim, c.bias != "none"
        self.q_proj = nn.Linear(c.width, into, bias=bias)
        self.k_proj = nn.Linear(c.width, c.kv_heads * c.head_dim, bias=bias)
        self.v_proj = nn.Linear(c.width, c.kv_heads * c.head_dim, bias=bias)
        self.o_proj = nn.Linear(into, c.width, bias=c.bias in ("attention", "all"))
        self.q_norm = RMSNorm(c.head_dim, c.norm_eps) if c.qk_norm else nn.Identity()
        self.k_norm = RMSNorm(c.head_dim, c.norm_eps) if c.qk_norm else nn.Identity()

    def queries(self, x: Tensor) -> Tensor:
        """[B, T, D] -> [B, H, T, d]"""
        return self.q_norm(self.q_proj(x).unflatten(-1, (self.heads, self.head_dim))).transpose(1, 2)

    def keys_values(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """[B, S, D] -> 2 x [B, H_kv, S, d]"""
        split = (self.kv_heads, self.head_dim)
        k = self.k_norm(self.k_proj(x).unflatten(-1, split)).transpose(1, 2)
        return k, self.v_proj(x).unflatten(-1, split).transpose(1, 2)

    def joined(self, heads: Tensor) -> Tensor:
        """[B, H, T, d] -> [B, T, D]"""
        return self.o_proj(heads.transpose(1, 2).flatten(2))


class SelfAttention(_Attention):
    """Tokens look at each other: all of them, or those before them."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__(config)
        self.causal, self.window = config.causal, config.window

    def forward(
        self,
        x: Tensor,  # [B, T, D]
        rotary: tuple[Tensor, Tensor] | None,
        mask: Mask | None = None,
        cache: KVCache | None = None,
        layer: int = 0,
    ) -> Tensor:
        q, (k, v) = self.queries(x), self.keys_values(x)
        if rotary is not None:
            q, k = rotate(q, *rotary), rotate(k, *rotary)
        if cache is not None:
            k, v = cache.append(layer, k, v)
        return self.joined(attention(q, k, v, causal=self.causal, window=self.window, mask=mask))


class CrossAttention(_Attention):
    """Tokens look at what an encoder has read. Positions take no part: both sides carry theirs already."""

    def forward(self, x: Tensor, memory: tuple[Tensor, Tensor], mask: Tensor | None = None) -> Tensor:
        """x: [B, T, D]; memory: keys_values of the encoder's output; mask: bool, broadcast to [B, H, T, S]."""
        return self.joined(attention(self.queries(x), *memory, mask=mask))
