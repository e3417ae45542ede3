"""The one Transformer: a stack of blocks over embeddings. What goes in and comes out is [B, T, D]."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.nn.attention import CrossAttention, Mask, SelfAttention
from zaohua.nn.cache import KVCache
from zaohua.nn.config import TransformerConfig
from zaohua.nn.norm import make_norm
from zaohua.nn.rotary import RotaryTable
from zaohua.seeding import dropout


class SwiGLU(nn.Module):
    """down(silu(gate(x)) * up(x)), Shazeer 2020 (arXiv:2002.05202). [B, T, D] -> [B, T, D]"""

    def __init__(self, width: int, ffn_width: int, bias: bool = False) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(width, ffn_width, bias=bias)
        self.up_proj = nn.Linear(width, ffn_width, bias=bias)
        self.down_proj = nn.Linear(ffn_width, width, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class GELU(nn.Module):
    """down(gelu(up(x))), Hendrycks & Gimpel 2016 (arXiv:1606.08415). [B, T, D] -> [B, T, D]"""

    def __init__(self, width: int, ffn_width: int, bias: bool, approximate: str) -> None:
        super().__init__()
        self.up_proj = nn.Linear(width, ffn_width, bias=bias)
        self.down_proj = nn.Linear(ffn_width, width, bias=bias)
        self.approximate = approximate

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(F.gelu(self.up_proj(x), approximate=self.approximate))


def _mlp(config: TransformerConfig) -> nn.Module:
    bias = config.bias == "all"
    if config.mlp == "swiglu":
        return SwiGLU(config.width, config.ffn_width, bias)
    return GELU(config.width, config.ffn_width, bias, "tanh" if config.mlp == "gelu_tanh" else "none")


class Block(nn.Module):
    """Attention, cross-attention where the shape has it, and a feed-forward part, each added to the stream."""

    def __init__(self, config: TransformerConfig, layer: int) -> None:
        super().__init__()
        self.entries = ("remember",) * config.cross  # see Parallel.wrap
        self.layer, self.dropout, self.norm_first = layer, config.dropout, config.norm_first
        self.input_layernorm = make_norm(config)
        self.self_attn = SelfAttention(config)
        if config.cross:
            self.cross_layernorm = make_norm(config)
            self.cross_attn = CrossAttention(config)
        self.post_attention_layernorm = make_norm(config)
        self.mlp = _mlp(config)

    def forward(
        self,
        x: Tensor,  # [B, T, D]
        rotary: tuple[Tensor, Tensor] | None,
        mask: Mask | None = None,
        cache: KVCache | None = None,
        dropout_keys: Tensor | None = None,
        memory: tuple[Tensor, Tensor] | None = None,
        memory_mask: Tensor | None = None,
    ) -> Tensor:
        def attend(y: Tensor) -> Tensor:
            return self.self_attn(y, rotary, mask, cache, self.layer)

        x = self._add(x, self.input_layernorm, attend, dropout_keys, 2 * self.layer + 1)
        if memory is not None:
            x = self._add(
                x,
                self.cross_layernorm,
                lambda y: self.cross_attn(y, memory, memory_mask),
                dropout_keys,
                -1 - self.layer,
            )
        return self._add(x, self.post_attention_layernorm, self.mlp, dropout_keys, 2 * self.layer + 2)

    def remember(self, encoded: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of an encoder's output for the cross-attention. encoded: [B, S, D]."""
        return self.cross_attn.keys_values(encoded)

    def _add(
        self, x: Tensor, norm: nn.Module, part: Callable[[Tensor], Tensor], keys: Tensor | None, site: int
    ) -> Tensor:
        """x + part(norm(x)), or norm(x + part(x))."""
        if self.norm_first:
            return x + dropout(part(norm(x)), self.dropout, keys, site)
        return norm(x + dropout(part(x), self.dropout, keys, site))


class Transformer(nn.Module):
    """Blocks and, where they begin with their norms, a last norm. Embeddings bring content, and learned positions if
    the shape has them; rotary positions are applied here."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.layers = nn.ModuleList(Block(config, layer) for layer in range(config.layers))
        self.norm = make_norm(config) if config.norm_first else nn.Identity()
        self.rotary = RotaryTable(config.head_dim, config.rope_theta, config.rope_scaling)

    def forward(
        self,
        x: Tensor,  # [B, T, D]
        mask: Mask | None = None,  # see nn.attention
        cache: KVCache | None = None,  # the positions go on from its length, which is moved on
        dropout_keys: Tensor | None = None,  # [B], see zaohua.seeding
        positions: Tensor | None = None,  # [B, T], where rows differ; else 0, 1, …
        memory: list[tuple[Tensor, Tensor]] | None = None,  # see `remember`
        memory_mask: Tensor | None = None,  # bool, broadcast to [B, H, T, S]
    ) -> Tensor:
        time, start = x.shape[1], 0 if cache is None else cache.length
        rotary = None
        if self.config.positions == "rotary":
            rotary = self.rotary.rows(start, time, x) if positions is None else self.rotary.at(positions, x)
        x = dropout(x, self.config.dropout, dropout_keys, 0)
        for layer, block in enumerate(self.layers):
            seen = None if memory is None else memory[layer]
            x = block(x, rotary, mask, cache, dropout_keys, seen, memory_mask)
        if cache is not None:
            cache.length += time
        return self.norm(x)

    def remember(self, encoded: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Keys and values of an encoder's output for the cross-attention of every layer. encoded: [B, S, D]."""
        return [block.remember(encoded) for block in self.layers if isinstance(block, Block)]
