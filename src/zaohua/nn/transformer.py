"""The one Transformer: a stack of blocks over embeddings. What goes in and comes out is [B, T, D]."""

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.nn.attention import KVCache, SelfAttention, rotary_table
from zaohua.nn.norm import RMSNorm
from zaohua.seeding import dropout


@dataclass(frozen=True, kw_only=True)
class TransformerConfig:
    """Shape of a stack of blocks; the defaults are Qwen3's."""

    layers: int
    width: int
    heads: int
    kv_heads: int
    head_dim: int
    ffn_width: int
    rope_theta: float = 10_000.0
    norm_eps: float = 1e-6
    causal: bool = True
    dropout: float = 0.0


class SwiGLU(nn.Module):
    """down(silu(gate(x)) * up(x)), Shazeer 2020 (arXiv:2002.05202). [B, T, D] -> [B, T, D]"""

    def __init__(self, width: int, ffn_width: int) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(width, ffn_width, bias=False)
        self.up_proj = nn.Linear(width, ffn_width, bias=False)
        self.down_proj = nn.Linear(ffn_width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Block(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x))."""

    def __init__(self, config: TransformerConfig, layer: int) -> None:
        super().__init__()
        self.layer, self.dropout = layer, config.dropout
        self.input_layernorm = RMSNorm(config.width, config.norm_eps)
        self.self_attn = SelfAttention(
            config.width, config.heads, config.kv_heads, config.head_dim, eps=config.norm_eps, causal=config.causal
        )
        self.post_attention_layernorm = RMSNorm(config.width, config.norm_eps)
        self.mlp = SwiGLU(config.width, config.ffn_width)

    def forward(
        self,
        x: Tensor,  # [B, T, D]
        rotary: tuple[Tensor, Tensor],
        mask: Tensor | None = None,
        cache: KVCache | None = None,
        dropout_keys: Tensor | None = None,
    ) -> Tensor:
        attended = self.self_attn(self.input_layernorm(x), rotary, mask, cache, self.layer)
        x = x + dropout(attended, self.dropout, dropout_keys, 2 * self.layer + 1)
        return x + dropout(self.mlp(self.post_attention_layernorm(x)), self.dropout, dropout_keys, 2 * self.layer + 2)


class Transformer(nn.Module):
    """Blocks and a final norm. Positions are rotary, so embeddings carry content alone."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.layers = nn.ModuleList(Block(config, layer) for layer in range(config.layers))
        self.norm = RMSNorm(config.width, config.norm_eps)

    def forward(
        self,
        x: Tensor,  # [B, T, D]
        mask: Tensor | None = None,  # bool, broadcast to [B, H, T, S]
        cache: KVCache | None = None,  # the positions go on from its length, which is moved on
        dropout_keys: Tensor | None = None,  # [B], see zaohua.seeding
    ) -> Tensor:
        time = x.shape[1]
        if cache is not None:
            rotary = cache.rotary(time)
        else:
            rotary = rotary_table(time, self.config.head_dim, self.config.rope_theta, device=x.device, dtype=x.dtype)
        x = dropout(x, self.config.dropout, dropout_keys, 0)
        for block in self.layers:
            x = block(x, rotary, mask, cache, dropout_keys)
        if cache is not None:
            cache.length += time
        return self.norm(x)
