"""Self-attention (seed §4.1), rotary positions and the key-value cache.

Attention(Q, K, V) = softmax(Q Kᵀ / √d_k) V
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.nn.norm import RMSNorm


def attention(q: Tensor, k: Tensor, v: Tensor, *, causal: bool = False, mask: Tensor | None = None) -> Tensor:
    """softmax(Q Kᵀ / √d_k) V, Vaswani et al. 2017 (arXiv:1706.03762), eq. 1.

    q: [B, H, T, d_k]; k, v: [B, H_kv, S, d_k] where H_kv divides H (grouped queries); mask: bool, broadcast to
    [B, H, T, S], True where a query may look. causal: the queries are the last T of the S positions and look no
    further than themselves. Returns [B, H, T, d_k].
    """
    time, length = q.shape[2], k.shape[2]
    if causal and time < length:
        causal = False
        if time > 1:  # a single last query may look at everything
            mask = torch.ones(time, length, dtype=torch.bool, device=q.device).tril(length - time)
    return F.scaled_dot_product_attention(
        q, k, v, attn_mask=mask, is_causal=causal, enable_gqa=q.shape[1] != k.shape[1]
    )


class KVCache:
    """Keys and values of the tokens a decoder has already read, preallocated for `capacity` positions, and the rotary
    angles of all of these."""

    def __init__(
        self, layers: int, batch: int, kv_heads: int, capacity: int, head_dim: int, *, theta: float, **like
    ) -> None:
        shape = (layers, batch, kv_heads, capacity, head_dim)
        self.keys, self.values = torch.zeros(shape, **like), torch.zeros(shape, **like)
        self.cos, self.sin = rotary_table(capacity, head_dim, theta, **like)
        self.capacity = capacity
        self.length = 0  # positions filled in every layer; the decoder moves it on after a forward pass

    def append(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Store the new positions of one layer and return all so far. k, v: [B, H_kv, T, d] -> [B, H_kv, S, d]."""
        end = self.length + k.shape[2]
        assert end <= self.capacity, "the caller must keep within the cache's capacity"
        self.keys[layer, :, :, self.length : end] = k
        self.values[layer, :, :, self.length : end] = v
        return self.keys[layer, :, :, :end], self.values[layer, :, :, :end]

    def rotary(self, time: int) -> tuple[Tensor, Tensor]:
        """Cosines and sines of the next `time` positions, 2 x [T, head_dim]."""
        return self.cos[self.length : self.length + time], self.sin[self.length : self.length + time]

    def select(self, rows: Tensor) -> None:
        """Keep these rows of the batch, in this order; one may come several times. rows: [B'] indices."""
        self.keys, self.values = self.keys[:, rows], self.values[:, rows]


def rotary_table(
    length: int, head_dim: int, theta: float, *, device: torch.device | None = None, dtype: torch.dtype | None = None
) -> tuple[Tensor, Tensor]:
    """Cosines and sines of rotary positions 0 … T-1 (Su et al. 2021, arXiv:2104.09864), 2 x [T, head_dim]."""
    frequencies = theta ** -(torch.arange(0, head_dim, 2, device=device, dtype=torch.float32) / head_dim)
    angles = torch.outer(torch.arange(length, device=device, dtype=torch.float32), frequencies)  # [T, head_dim / 2]
    angles = torch.cat((angles, angles), dim=-1)
    return angles.cos().to(dtype), angles.sin().to(dtype)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn each pair (x_i, x_{i+d/2}) by its position's angle. x: [B, H, T, d]; cos, sin: [T, d]."""
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


class SelfAttention(nn.Module):
    """Grouped-query self-attention with per-head RMS norm of queries and keys, as in Qwen3."""

    def __init__(self, width: int, heads: int, kv_heads: int, head_dim: int, *, eps: float, causal: bool) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.head_dim, self.causal = heads, kv_heads, head_dim, causal
        self.q_proj = nn.Linear(width, heads * head_dim, bias=False)
        self.k_proj = nn.Linear(width, kv_heads * head_dim, bias=False)
        self.v_proj = nn.Linear(width, kv_heads * head_dim, bias=False)
        self.o_proj = nn.Linear(heads * head_dim, width, bias=False)
        self.q_norm = RMSNorm(head_dim, eps)
        self.k_norm = RMSNorm(head_dim, eps)

    def forward(
        self,
        x: Tensor,  # [B, T, D]
        rotary: tuple[Tensor, Tensor],
        mask: Tensor | None = None,
        cache: KVCache | None = None,
        layer: int = 0,
    ) -> Tensor:
        batch, time, _ = x.shape
        q = self.q_norm(self.q_proj(x).view(batch, time, self.heads, self.head_dim)).transpose(1, 2)
        k = self.k_norm(self.k_proj(x).view(batch, time, self.kv_heads, self.head_dim)).transpose(1, 2)
        v = self.v_proj(x).view(batch, time, self.kv_heads, self.head_dim).transpose(1, 2)
        q, k = rotate(q, *rotary), rotate(k, *rotary)
        causal = self.causal and mask is None
        if cache is not None:
            k, v = cache.append(layer, k, v)
        out = attention(q, k, v, causal=causal, mask=mask)  # [B, H, T, d]
        return self.o_proj(out.transpose(1, 2).reshape(batch, time, self.heads * self.head_dim))
