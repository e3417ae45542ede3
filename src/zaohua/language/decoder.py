"""The decoder-only language model, in the Qwen3 shape unless told otherwise, and what it costs."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.nn.attention import Mask
from zaohua.nn.cache import KVCache
from zaohua.nn.config import TransformerConfig
from zaohua.nn.transformer import Transformer


@dataclass(frozen=True, kw_only=True)
class DecoderConfig(TransformerConfig):
    """A Transformer with a vocabulary, a context and a head; its costs follow from its shape."""

    vocab_size: int
    context: int
    tied: bool = False

    def num_parameters(self, *, embedding: bool = True) -> int:
        """Trainable numbers, a tied head counted once; without the embedding table if embedding=False."""
        tables = (self.vocab_size + self.context * (self.positions == "learned")) * self.width
        head = 0 if self.tied else self.vocab_size * self.width
        return self.stack_parameters() + head + embedding * tables

    def flops_per_token(self, context: int, *, training: bool = True) -> int:
        """Floating-point operations per token: two per weight used in a product and, over a causal context, the two
        attention products at their average length; a training step costs three forward passes
        (Kaplan et al. 2020, arXiv:2001.08361, appendix B)."""
        products = self.layers * self.block_matrices() + self.width * self.vocab_size
        # QKᵀ and AV: 2 products over context / 2 positions on average
        attention = self.layers * self.heads * self.head_dim * context
        forward = 2 * (products + attention)
        return 3 * forward if training else forward

    def kv_bytes_per_token(self, bytes_per_number: int = 4) -> int:
        """Memory one cached token takes, in bytes."""
        return 2 * self.layers * self.kv_heads * self.head_dim * bytes_per_number

    def training_bytes(self, tokens: int) -> int:
        """Rough memory of an fp32 training step over so many tokens at once: weights, gradients and two optimiser
        averages, and what the backward pass keeps (activations per layer, logits with their gradient)."""
        per_layer = 10 * self.width + 4 * (self.heads + 2 * self.kv_heads) * self.head_dim + 4 * self.ffn_width
        return 4 * (4 * self.num_parameters() + tokens * (self.layers * per_layer + 3 * self.vocab_size))


class Decoder(nn.Module):
    """Token ids in, next-token logits out."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocab_size, config.width)
        if config.positions == "learned":
            self.embed_positions = nn.Embedding(config.context, config.width)
        self.transformer = Transformer(config)
        self.lm_head = nn.Linear(config.width, config.vocab_size, bias=False)
        if config.tied:
            self.lm_head.weight = self.embed_tokens.weight

    def hidden(
        self,
        ids: Tensor,  # [B, T]
        cache: KVCache | None = None,
        mask: Mask | None = None,
        dropout_keys: Tensor | None = None,
        positions: Tensor | None = None,  # [B, T], where rows differ
        embedded: Tensor | None = None,  # [B, T, D], instead of the ids' own vectors
    ) -> Tensor:
        """Final hidden states [B, T, D]; with a cache, the ids go on from its length, which is moved on."""
        x = self.embed_tokens(ids) if embedded is None else embedded
        if self.config.positions == "learned":
            start = 0 if cache is None else cache.length
            table = self.embed_positions.weight
            x = x + (table[start : start + ids.shape[1]] if positions is None else table[positions])
        return self.transformer(x, mask, cache, dropout_keys, positions)

    def forward(
        self,
        ids: Tensor,  # [B, T]
        cache: KVCache | None = None,
        mask: Mask | None = None,
        dropout_keys: Tensor | None = None,
        positions: Tensor | None = None,
    ) -> Tensor:
        """Logits [B, T, V]."""
        return self.lm_head(self.hidden(ids, cache, mask, dropout_keys, positions))

    def loss(self, ids: Tensor, targets: Tensor, dropout_keys: Tensor | None = None) -> Tensor:
        """Mean negative log-likelihood of the next token, in nats. ids, targets: [B, T]; targets of -100 do not
        count."""
        logits = self(ids, dropout_keys=dropout_keys)
        return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), ignore_index=-100)

    def left_padded(self, padding: Tensor, time: int, cache: KVCache | None = None) -> tuple[Tensor, Tensor]:
        """Mask [B, 1, T, S] and positions [B, T] for the next `time` tokens of rows that begin with padding.

        padding: [B], tokens before each row's text; with a cache, those before the first token it has read. What the
        model says at padding means nothing.
        """
        start = 0 if cache is None else cache.length
        queries = torch.arange(start, start + time, device=padding.device)
        keys = torch.arange(start + time, device=padding.device)
        seen = keys <= queries[:, None]  # [T, S]
        if self.config.window is not None:
            seen &= keys > queries[:, None] - self.config.window
        # Padding sees itself: to see nothing would be 0/0.
        mask = (seen & (keys >= padding[:, None, None])) | (keys == queries[:, None])  # [B, T, S]
        return mask[:, None], (queries - padding[:, None]).clamp(min=0)

    def new_cache(self, batch: int, capacity: int) -> KVCache:
        """An empty cache on this model's device and in its dtype."""
        c, weight = self.config, self.embed_tokens.weight
        return KVCache(c.layers, batch, c.kv_heads, capacity, c.head_dim, device=weight.device, dtype=weight.dtype)
