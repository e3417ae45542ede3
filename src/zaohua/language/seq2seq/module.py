"""The encoder-decoder: one stack reads a text both ways, another writes its answer, looking at what was read.

Vaswani et al. 2017 (arXiv:1706.03762), in blocks as our decoders have them: RMS norms first, rotary positions, SwiGLU.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.nn.cache import KVCache
from zaohua.nn.config import TransformerConfig
from zaohua.nn.transformer import Transformer
from zaohua.seeding import mix

Memory = list[tuple[Tensor, Tensor]]


@dataclass(frozen=True, kw_only=True)
class Seq2SeqConfig:
    """encoder_layers read, layers write; everything else is the same on both sides. context: tokens of each."""

    encoder_layers: int
    layers: int
    width: int
    heads: int
    head_dim: int
    ffn_width: int
    vocab_size: int
    context: int
    rope_theta: float = 10_000.0
    norm_eps: float = 1e-6
    dropout: float = 0.0

    def reader(self) -> TransformerConfig:
        """The shape of the encoder's stack."""
        return TransformerConfig(layers=self.encoder_layers, causal=False, **self._both())

    def writer(self) -> TransformerConfig:
        """The shape of the decoder's stack."""
        return TransformerConfig(layers=self.layers, cross=True, **self._both())

    def _both(self) -> dict:
        return {
            "width": self.width,
            "heads": self.heads,
            "kv_heads": self.heads,
            "head_dim": self.head_dim,
            "ffn_width": self.ffn_width,
            "rope_theta": self.rope_theta,
            "norm_eps": self.norm_eps,
            "dropout": self.dropout,
        }

    def num_parameters(self) -> int:
        """Trainable numbers; the one table embeds both texts and is the head."""
        return self.vocab_size * self.width + self.reader().stack_parameters() + self.writer().stack_parameters()

    def flops(self, read: float, written: float, *, training: bool = True) -> float:
        """Floating-point operations for a text of so many tokens read and written: two per weight used in a product,
        and the attention products; a training step costs three forward passes."""
        reader, writer = self.reader(), self.writer()
        into = self.heads * self.head_dim
        # The keys and values of what was read are computed once a text, not once a token written.
        remembered = 2 * self.width * into * self.layers
        products = read * (reader.layers * reader.block_matrices() + remembered)
        products += written * (writer.layers * writer.block_matrices() - remembered + self.width * self.vocab_size)
        attention = into * (2 * self.encoder_layers * read * read + self.layers * written * (written + 2 * read))
        return (3 if training else 1) * 2 * (products + attention)

    def training_bytes(self, tokens: int) -> int:
        """Rough memory of an fp32 training step over so many tokens of each side at once."""
        per_layer = 10 * self.width + 16 * self.heads * self.head_dim + 4 * self.ffn_width
        kept = tokens * ((self.encoder_layers + self.layers) * per_layer + 3 * self.vocab_size)
        return 4 * (4 * self.num_parameters() + kept)


class EncoderDecoder(nn.Module):
    """Both stacks and the table of the tokens that are written. What is read, and how it comes to be [B, S, D], is
    for those that are made of it to say."""

    entries: tuple[str, ...] = ("remember", "write")  # methods that read its own weights, see Parallel.wrap

    def __init__(self, config: Seq2SeqConfig) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocab_size, config.width)
        self.encoder = Transformer(config.reader())
        self.decoder = Transformer(config.writer())

    def encoded(self, x: Tensor, real: Tensor, dropout_keys: Tensor | None = None) -> Memory:
        """Keys and values of what is read for every layer that writes. x: [B, S, D]; real: bool [B, S]."""
        return self.decoder.remember(self.encoder(x, _seen(real), dropout_keys=dropout_keys))

    def write(
        self,
        ids: Tensor,  # [B, T]
        memory: Memory,
        real: Tensor,  # bool [B, S], False at padding of what was read
        cache: KVCache | None = None,
        dropout_keys: Tensor | None = None,
    ) -> Tensor:
        """Logits [B, T, V]; with a cache, the ids go on from its length, which is moved on."""
        hidden = self.decoder(
            self.embed_tokens(ids), cache=cache, dropout_keys=dropout_keys, memory=memory, memory_mask=_seen(real)
        )
        return F.linear(hidden, self.embed_tokens.weight)

    def nats(
        self, inputs: Tensor, targets: Tensor, memory: Memory, real: Tensor, dropout_keys: Tensor | None = None
    ) -> Tensor:
        """Negative log-likelihood of the written tokens, summed; targets [B, T] of -100 do not count."""
        other = None if dropout_keys is None else mix(dropout_keys)  # the two stacks have masks of their own
        logits = self.write(inputs, memory, real, dropout_keys=other)
        return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), ignore_index=-100, reduction="sum")

    def new_cache(self, batch: int, capacity: int) -> KVCache:
        """An empty cache of the decoder on this model's device and in its dtype."""
        c, weight = self.config, self.embed_tokens.weight
        return KVCache(c.layers, batch, c.heads, capacity, c.head_dim, device=weight.device, dtype=weight.dtype)


class Seq2Seq(EncoderDecoder):
    """Two texts in, logits of the second one's next tokens out. Both are embedded by one table."""

    def remember(self, ids: Tensor, real: Tensor, dropout_keys: Tensor | None = None) -> Memory:
        """Keys and values of a text for every layer that writes, computed once. ids: [B, S]; real: bool [B, S]."""
        return self.encoded(self.embed_tokens(ids), real, dropout_keys)

    def loss(
        self, ids: Tensor, real: Tensor, inputs: Tensor, targets: Tensor, dropout_keys: Tensor | None = None
    ) -> Tensor:
        """See `nats`, of the second text's tokens."""
        return self.nats(inputs, targets, self.remember(ids, real, dropout_keys), real, dropout_keys)


def _seen(real: Tensor) -> Tensor:
    """Mask of attention over these tokens, bool [B, 1, 1, S]."""
    return real[:, None, None]


@torch.no_grad()
def initialise_seq2seq(model: EncoderDecoder, seed: int) -> None:
    """Draw the weights as those of a decoder with a tied head: matrices N(0, 1/fan_in), the table N(0, 0.02²), gains
    one, biases and projections that write into a stream zero."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        if parameter.ndim == 1:
            nn.init.constant_(parameter, float(not name.endswith("bias")))
        elif name.endswith(("o_proj.weight", "down_proj.weight")):
            nn.init.zeros_(parameter)
        else:
            std = 0.02 if name == "embed_tokens.weight" else parameter[0].numel() ** -0.5
            nn.init.normal_(parameter, std=std, generator=generator)
