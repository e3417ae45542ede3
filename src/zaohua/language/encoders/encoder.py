"""The bidirectional encoder, in the BERT shape unless told otherwise (Devlin et al. 2018, arXiv:1810.04805)."""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.nn.config import TransformerConfig
from zaohua.nn.transformer import Transformer


@dataclass(frozen=True, kw_only=True)
class EncoderConfig(TransformerConfig):
    """A Transformer that looks both ways, with a vocabulary, a context, kinds of segment, and a head.

    head: "masked" guesses hidden tokens, "class" chooses one of `labels`, "none" leaves the hidden states.
    pooler: a dense layer with tanh over the first token, which the "class" head reads and old BERT files bring along.
    """

    norm: Literal["rms", "layer"] = "layer"
    norm_first: bool = False
    norm_eps: float = 1e-12
    positions: Literal["rotary", "learned"] = "learned"
    mlp: Literal["swiglu", "gelu", "gelu_tanh"] = "gelu"
    bias: Literal["none", "qkv", "attention", "all"] = "all"
    qk_norm: bool = False
    causal: bool = False
    vocab_size: int
    context: int
    types: int = 2
    head: Literal["masked", "class", "none"] = "masked"
    pooler: bool = False
    labels: tuple[str, ...] = ()

    def num_parameters(self) -> int:
        """Trainable numbers, the masked head's tied matrix counted once."""
        tables = (self.vocab_size + self.types + self.context * (self.positions == "learned")) * self.width
        dense = self.width * (self.width + 1)
        head = 0
        if self.head == "masked":
            head = dense + 2 * self.width + self.vocab_size
        elif self.head == "class":
            head = len(self.labels) * (self.width + 1)
        return tables + 2 * self.width + self.stack_parameters() + dense * self.pooler + head

    def flops_per_token(self, context: int, *, training: bool = True, guessed: float = 1.0) -> int:
        """Floating-point operations per token: two per weight used in a product, and the two attention products over
        the whole context; a training step costs three forward passes. guessed: share of the tokens that the masked
        head runs on."""
        head = round(guessed * self.width * (self.width + self.vocab_size)) if self.head == "masked" else 0
        attention = 2 * self.layers * self.heads * self.head_dim * context
        forward = 2 * (self.layers * self.block_matrices() + head + attention)
        return 3 * forward if training else forward

    def training_bytes(self, tokens: int) -> int:
        """Rough memory of an fp32 training step over so many tokens at once, as DecoderConfig's; a masked head runs on
        the hidden tokens alone, about a sixth."""
        per_layer = 10 * self.width + 8 * self.heads * self.head_dim + 3 * self.ffn_width
        logits = self.vocab_size // 2 if self.head == "masked" else 0
        return 4 * (4 * self.num_parameters() + tokens * (self.layers * per_layer + logits))


class MaskedHead(nn.Module):
    """Guesses tokens: dense, GELU, norm, then the embedding table transposed. [..., D] -> [..., V]"""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(config.width, config.width)
        self.norm = nn.LayerNorm(config.width, eps=config.norm_eps)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))

    def forward(self, hidden: Tensor, table: Tensor) -> Tensor:
        """table: the token embeddings, [V, D]."""
        return F.linear(self.norm(F.gelu(self.dense(hidden))), table, self.bias)


class Encoder(nn.Module):
    """Token ids in, a vector for every token out; what is made of those is the head's."""

    entries = ("hidden", "guess", "classify")  # methods that read its own weights, see Parallel.wrap

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocab_size, config.width)
        self.embed_types = nn.Embedding(config.types, config.width)
        if config.positions == "learned":
            self.embed_positions = nn.Embedding(config.context, config.width)
        self.embed_norm = nn.LayerNorm(config.width, eps=config.norm_eps)
        self.transformer = Transformer(config)
        if config.pooler:
            self.pooler = nn.Linear(config.width, config.width)
        if config.head == "masked":
            self.masked_head = MaskedHead(config)
        elif config.head == "class":
            self.classifier = nn.Linear(config.width, len(config.labels))

    def hidden(
        self,
        ids: Tensor,  # [B, T]
        real: Tensor | None = None,  # bool [B, T], False at padding
        types: Tensor | None = None,  # [B, T], segment of every token; all 0 if left out
        dropout_keys: Tensor | None = None,  # [B], see zaohua.seeding
    ) -> Tensor:
        """Hidden states [B, T, D]."""
        x = self.embed_tokens(ids) + (self.embed_types.weight[0] if types is None else self.embed_types(types))
        if self.config.positions == "learned":
            x = x + self.embed_positions.weight[: ids.shape[1]]
        mask = None if real is None else real[:, None, None]  # [B, 1, 1, T]
        return self.transformer(self.embed_norm(x), mask, dropout_keys=dropout_keys)

    def guess(self, hidden: Tensor) -> Tensor:
        """Logits over the vocabulary for these hidden states: [..., D] -> [..., V]; needs the masked head."""
        return self.masked_head(hidden, self.embed_tokens.weight)

    def pooled(self, hidden: Tensor, real: Tensor | None = None) -> Tensor:
        """One vector a text: the mean over its real tokens. [B, T, D] -> [B, D]"""
        if real is None:
            return hidden.mean(1)
        weights = real.to(hidden.dtype)[..., None]
        return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1)

    def classify(self, hidden: Tensor) -> Tensor:
        """Logits of the labels, read from the first token as BERT does: [B, T, D] -> [B, labels]."""
        first = hidden[:, 0]
        return self.classifier(torch.tanh(self.pooler(first)) if self.config.pooler else first)
