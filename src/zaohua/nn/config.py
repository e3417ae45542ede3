"""The shape of a stack of Transformer blocks."""

from dataclasses import dataclass
from typing import Literal

from zaohua.nn.rotary import RopeScaling


@dataclass(frozen=True, kw_only=True)
class TransformerConfig:
    """Shape of a stack of blocks and the parts it is made of; the defaults are Qwen3's.

    norm, norm_first: RMS or layer norm, before each part of a block or (BERT) after its sum with the stream.
    positions: rotary, or "learned", a table that whoever embeds the tokens adds.
    mlp: SwiGLU, or two matrices with an exact or a tanh-approximated GELU between them.
    bias: none, on query, key and value alone (Qwen2), in all of attention, or everywhere (GPT-2, BERT).
    qk_norm: RMS norm of every query and key. window: positions that a query sees, itself included (Mistral).
    cross: a second attention in every block, over what an encoder has read.
    """

    layers: int
    width: int
    heads: int
    kv_heads: int
    head_dim: int
    ffn_width: int
    norm: Literal["rms", "layer"] = "rms"
    norm_first: bool = True
    norm_eps: float = 1e-6
    positions: Literal["rotary", "learned"] = "rotary"
    rope_theta: float = 10_000.0
    rope_scaling: RopeScaling | None = None
    mlp: Literal["swiglu", "gelu", "gelu_tanh"] = "swiglu"
    bias: Literal["none", "qkv", "attention", "all"] = "none"
    qk_norm: bool = True
    causal: bool = True
    window: int | None = None
    cross: bool = False
    dropout: float = 0.0

    def block_matrices(self) -> int:
        """Numbers in the matrices of one block."""
        attention = 2 * self.heads * self.head_dim + 2 * self.kv_heads * self.head_dim  # q and o; k and v
        feed_forward = (3 if self.mlp == "swiglu" else 2) * self.ffn_width
        return self.width * ((1 + self.cross) * attention + feed_forward)

    def block_vectors(self) -> int:
        """Numbers in the gains and biases of one block."""
        norm = self.width * (2 if self.norm == "layer" else 1)
        attention = 2 * self.head_dim * self.qk_norm
        attention += (self.heads + 2 * self.kv_heads) * self.head_dim * (self.bias != "none")
        attention += self.width * (self.bias in ("attention", "all"))
        feed_forward = (self.ffn_width + self.width) * (self.bias == "all")
        feed_forward += self.ffn_width * (self.bias == "all" and self.mlp == "swiglu")
        return (2 + self.cross) * norm + (1 + self.cross) * attention + feed_forward

    def stack_parameters(self) -> int:
        """Trainable numbers of the blocks and of the norm after the last one."""
        last = self.width * (2 if self.norm == "layer" else 1) * self.norm_first
        return self.layers * (self.block_matrices() + self.block_vectors()) + last
