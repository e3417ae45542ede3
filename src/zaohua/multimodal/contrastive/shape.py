"""The shape of two towers, what it costs, and what it holds."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from zaohua.judges.networks.efficientnet_lite import FEATURES
from zaohua.multimodal.sight import NUMBERS, places_of
from zaohua.nn.config import TransformerConfig


@dataclass(frozen=True, kw_only=True)
class TowersConfig:
    """Shape of both towers. dim: numbers of a vector; context: tokens of a sentence at most.

    kind "pictures": size pixels a side, in patches of patch × patch; stem "patches" has one matrix for all of them,
    "conv" convolutions that halve the side until a patch is one place; sight: the frozen network that looks at them
    instead, "" for none, see zaohua.multimodal.sight. "sounds": spectra of `bands` bands, `frames` of
    them a patch, at most `patches` of those; rate, n_fft and hop in samples.
    loss: "softmax" or "sigmoid", which says what the scale begins with and whether there is a bias.
    """

    kind: Literal["pictures", "sounds"]
    media: TransformerConfig
    text: TransformerConfig
    vocab_size: int
    context: int
    dim: int
    loss: Literal["softmax", "sigmoid"] = "softmax"
    size: int = 64
    channels: int = 3
    patch: int = 8
    stem: Literal["patches", "conv"] = "patches"
    sight: str = ""
    rate: int = 16_000
    n_fft: int = 512
    hop: int = 128
    bands: int = 64
    frames: int = 8
    patches: int = 64

    @property
    def places(self) -> int:
        """Vectors that the Transformer of the media reads at most."""
        if self.kind == "sounds":
            return self.patches
        return places_of(self.sight) + 1 if self.sight else (self.size // self.patch) ** 2

    @property
    def dropout(self) -> float:
        """Of both stacks."""
        return self.media.dropout

    def num_parameters(self) -> int:
        """Trainable numbers."""
        stacks = self.media.stack_parameters() + self.text.stack_parameters()
        positions = sum(
            count * stack.width
            for stack, count in ((self.media, self.places), (self.text, self.context))
            if stack.positions == "learned"
        )
        projections = (self.media.width + self.text.width) * self.dim
        tables = self.vocab_size * self.text.width + positions + projections
        return stacks + tables + self._stem_numbers() + 1 + (self.loss == "sigmoid")

    def flops_per_pair(self, tokens: float) -> float:
        """Floating-point operations of a training step for one pair: three forward passes over all its places and
        tokens, two for each weight used in a product, and the two products of attention."""
        forward = 2.0 * self._stem_products()
        for stack, count in ((self.media, self.places), (self.text, tokens)):
            forward += 2 * count * stack.layers * (stack.block_matrices() + 2 * stack.heads * stack.head_dim * count)
        return 3 * forward

    def training_bytes(self, places: int) -> int:
        """Rough memory of an fp32 training step over so many places and tokens at once; see DecoderConfig."""
        stack = self.media
        per_layer = 10 * stack.width + 8 * stack.heads * stack.head_dim + 3 * stack.ffn_width
        return 4 * (4 * self.num_parameters() + places * stack.layers * per_layer)

    def _stem_numbers(self) -> int:
        if self.sight:
            return (NUMBERS + 2) * self.media.width
        if self.kind == "sounds":
            return (self.bands * self.frames + 1) * self.media.width
        if self.stem == "patches":
            return (self.channels * self.patch**2 + 1) * self.media.width
        widths = self.stem_widths()
        return sum((9 * before + 1) * after for before, after in pairwise(widths))

    def _stem_products(self) -> float:
        if self.sight:  # read of the places, then of the whole
            return ((self.places - 1) * (NUMBERS - FEATURES) + FEATURES) * self.media.width
        if self.kind == "sounds" or self.stem == "patches":
            return self.places * self._stem_numbers()
        widths = self.stem_widths()
        sides = [self.size >> step for step in range(1, len(widths))]
        return sum(9 * a * b * side**2 for (a, b), side in zip(pairwise(widths), sides, strict=True))

    def stem_widths(self) -> list[int]:
        """Channels before, between and after the convolutions of a stem, each twice as many as before it."""
        halvings = int(math.log2(self.patch))
        return [self.channels, *(max(8, self.media.width >> (halvings - 1 - step)) for step in range(halvings))]


def encoder_stack(
    *, layers: int, width: int, heads: int, head_dim: int, ffn_width: int, learned: bool, dropout: float = 0.0
) -> TransformerConfig:
    """A Transformer as both towers have it: it looks both ways, with RMS norms before two matrices and a GELU.

    learned: positions of a table, else rotary ones.
    """
    return TransformerConfig(
        layers=layers,
        width=width,
        heads=heads,
        kv_heads=heads,
        head_dim=head_dim,
        ffn_width=ffn_width,
        positions="learned" if learned else "rotary",
        mlp="gelu",
        qk_norm=False,
        causal=False,
        dropout=dropout,
    )
