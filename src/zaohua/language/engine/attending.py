"""Attention of new tokens over what their texts have said, in the slots that hold it."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from zaohua.language.decoder import DecoderConfig
from zaohua.language.engine.slots import Slot


@dataclass(frozen=True)
class Piece:
    """`time` tokens in a row of one text, to be read into its slot from position `start` on."""

    slot: Slot
    start: int
    time: int = 1

    @property
    def end(self) -> int:
        """The position after the last."""
        return self.start + self.time


class Tokens:
    """One token of each of several texts, or several of one text in order of their positions.

    Each looks at its own text in a product of its own, so that neither the length of the others nor their number
    changes how it is rounded. Slots are cut up once for all layers.
    """

    def __init__(self, pieces: Sequence[Piece], config: DecoderConfig, padding: int) -> None:
        c = config
        self.groups = (c.kv_heads, c.heads // c.kv_heads, c.head_dim)
        self.q_width = c.heads * c.head_dim
        self.new, self.keys, self.values = [], [], []
        for piece in pieces:
            first = 0 if c.window is None else max(0, piece.end - c.window)
            kv = piece.slot.kv
            self.new.append(kv[:, :, :, piece.start].unbind(0))  # L x [2, H_kv, d]
            self.keys.append(kv[:, 0:1, :, first : piece.end].unbind(0))  # L x [1, H_kv, S, d]
            self.values.append(kv[:, 1:2, :, first : piece.end].unbind(0))
        # What the texts see, one row each; rows that fill up to a whole number of them stay zero.
        self.seen = pieces[0].slot.kv.new_zeros(len(pieces) + padding, *self.groups)
        self.rows = self.seen.split(1)
        self.flat = self.seen.view(len(self.seen), -1)

    def attend(self, layer: int, qkv: Tensor) -> Tensor:
        """Keep the keys and values and look. [N, (H + 2 H_kv) d] -> [N, H d], overwritten by the next layer; rows
        beyond the tokens are zero."""
        (kv_heads, group, d), row = self.groups, qkv.stride(0)
        for place, new in enumerate(self.new):  # all of them first: a text's later tokens see its earlier ones
            new[layer].copy_(qkv.as_strided((2, kv_heads, d), (kv_heads * d, d, 1), place * row + self.q_width))
        for place, (keys, values, seen) in enumerate(zip(self.keys, self.values, self.rows, strict=False)):
            # The heads of a group, which share keys, take part as if they were as many queries.
            q = qkv.as_strided((1, kv_heads, group, d), (row, group * d, d, 1), place * row)
            seen.copy_(F.scaled_dot_product_attention(q, keys[layer], values[layer]))
        return self.flat


class Span:
    """Several tokens in a row of one text."""

    def __init__(self, piece: Piece, config: DecoderConfig, padding: int) -> None:
        self.piece, self.config, self.padding = piece, config, padding
        self.mask = None
        if piece.start or config.window is not None:
            queries = torch.arange(piece.start, piece.end, device=piece.slot.kv.device)[:, None]
            keys = torch.arange(piece.end, device=piece.slot.kv.device)
            self.mask = keys <= queries
            if config.window is not None:
                self.mask &= keys > queries - config.window

    def attend(self, layer: int, qkv: Tensor) -> Tensor:
        """Keep the keys and values and look. [N, (H + 2 H_kv) d] -> [N, H d]; rows beyond the tokens stay zero."""
        c, piece = self.config, self.piece
        parts = (c.heads, c.kv_heads, c.kv_heads)
        q, k, v = qkv[: piece.time].view(piece.time, -1, c.head_dim).transpose(0, 1).split(parts)  # [H, T, d] each
        kv = piece.slot.kv[layer]
        kv[0, :, piece.start : piece.end], kv[1, :, piece.start : piece.end] = k, v
        out = F.scaled_dot_product_attention(
            q[None],
            kv[0:1, :, : piece.end],
            kv[1:2, :, : piece.end],
            attn_mask=self.mask,
            is_causal=self.mask is None,
            enable_gqa=c.heads != c.kv_heads,
        )  # [1, H, T, d]
        return F.pad(out[0].transpose(0, 1).reshape(piece.time, -1), (0, 0, 0, self.padding))
