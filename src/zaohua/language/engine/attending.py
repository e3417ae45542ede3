"""Attention of new tokens over what their texts have said, in the slots that hold it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from zaohua.language.decoder import DecoderConfig
from zaohua.language.engine.looking import exact, look, mask_of, step_of
from zaohua.language.engine.slots import Slot

_WASTE = 131_072  # numbers: to read so many for nothing takes as long as one more product


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


class Attending:
    """What several pieces see, each of its own text.

    Single tokens of texts in neighbouring rows of a shelf are looked at in one product, where that rounds every row as
    if it were alone; other pieces in one of their own. Shelves are cut up once for all layers.
    """

    def __init__(self, pieces: Sequence[Piece], config: DecoderConfig, padding: int) -> None:
        c, kv = config, pieces[0].slot.kv
        at_once = 0
        if kv.device.type == "cpu" and kv.dtype == torch.float32:
            at_once = exact(c.kv_heads, c.heads // c.kv_heads, c.head_dim, torch.get_num_threads())
        # What the tokens see, one row each; rows that fill up to a whole number of them stay zero.
        self.seen = kv.new_zeros(sum(piece.time for piece in pieces) + padding, c.heads * c.head_dim)
        self.runs: list[_Run] = []
        place = 0
        for run in _runs(pieces, c, joined=at_once > 0 or kv.device.type != "cpu"):
            rows = slice(place, place + sum(piece.time for piece in run))
            if run[0].time > 1:
                self.runs.append(_Span(run[0], rows, self.seen, c))
            elif at_once:
                self.runs.append(_Products(run, rows, self.seen, c, at_once))
            else:
                self.runs.append(_Fused(run, rows, self.seen, c))
            place = rows.stop

    def attend(self, layer: int, qkv: Tensor) -> Tensor:
        """Keep the keys and values and look. [N, (H + 2 H_kv) d] -> [N, H d], overwritten by the next layer; rows
        beyond the tokens are zero."""
        for run in self.runs:  # all of them first: a text's later tokens see its earlier ones
            run.keep(layer, qkv)
        for run in self.runs:
            run.look(layer, qkv)
        return self.seen


def _runs(pieces: Sequence[Piece], config: DecoderConfig, joined: bool) -> list[list[Piece]]:
    """Pieces in parts: texts in neighbouring rows, not so different in length that much would be read for nothing."""
    most = _WASTE // (2 * config.kv_heads * config.head_dim)
    runs: list[list[Piece]] = []
    for piece in pieces:
        if runs and joined:
            run = runs[-1]
            last = run[-1].slot
            single = piece.time == run[-1].time == 1
            if single and piece.slot.shelf is last.shelf and piece.slot.row == last.row + 1:
                ends = [other.end for other in (*run, piece)]
                if max(ends) * len(ends) - sum(ends) <= most:
                    run.append(piece)
                    continue
        runs.append([piece])
    return runs


def _views(pieces: Sequence[Piece], window: int | None) -> tuple[list[int], list[int]]:
    """What each single token sees: the first position, and the one after the last."""
    ends = [piece.end for piece in pieces]
    return [0 if window is None else max(0, end - window) for end in ends], ends


class _Run(ABC):
    """Pieces that are looked at together."""

    @abstractmethod
    def keep(self, layer: int, qkv: Tensor) -> None:
        """Put the new keys and values where they belong."""

    @abstractmethod
    def look(self, layer: int, qkv: Tensor) -> None:
        """Fill the run's rows of what the tokens see."""


class _Singles(_Run):
    """One token of each of some texts in neighbouring rows of a shelf. rows: theirs of a batch; seen: [N, H d], all of
    the batch; begin, end: the positions that are looked at, of which each text sees some."""

    def __init__(
        self, pieces: list[Piece], rows: slice, seen: Tensor, config: DecoderConfig, begin: int, end: int
    ) -> None:
        c = config
        self.rows, self.q_width = rows, c.heads * c.head_dim
        self.seen = seen[rows].view(len(pieces), c.kv_heads, c.heads // c.kv_heads, c.head_dim)
        shelf, row = pieces[0].slot.shelf, pieces[0].slot.row
        for piece in pieces:
            piece.slot.clear(piece.start, end)
        if len(pieces) == 1:
            self.new = pieces[0].slot.kv[:, :, :, pieces[0].start].unbind(0)  # L x [2, H_kv, d]
        else:
            self.shelf = shelf.kv.view(c.layers, -1, c.head_dim).unbind(0)  # L x [2 R H_kv capacity, d]
            vectors = torch.arange(0, len(self.shelf[0]), shelf.capacity).view(2, -1, c.kv_heads)
            starts = torch.tensor([piece.start for piece in pieces])
            vectors = vectors[:, row : row + len(pieces)] + starts[:, None]  # [2, n, H_kv]
            self.vectors = vectors.transpose(0, 1).flatten().to(seen.device)
        kv = shelf.kv[:, :, row : row + len(pieces), :, begin:end]
        self.keys, self.values = kv[:, 0], kv[:, 1]  # [L, n, H_kv, T, d]

    def keep(self, layer: int, qkv: Tensor) -> None:
        """Put the new keys and values where they belong."""
        _, kv_heads, _, d = self.seen.shape
        if self.seen.shape[0] == 1:
            place = self.rows.start * qkv.stride(0) + self.q_width
            self.new[layer].copy_(qkv.as_strided((2, kv_heads, d), (kv_heads * d, d, 1), place))
        else:
            self.shelf[layer].index_copy_(0, self.vectors, qkv[self.rows, self.q_width :].reshape(-1, d))

    def _queries(self, qkv: Tensor) -> Tensor:
        """[n, H_kv, G, d]: the heads of a group, which share keys, are as many queries."""
        count, kv_heads, group, d = self.seen.shape
        strides = (qkv.stride(0), group * d, d, 1)
        return qkv.as_strided((count, kv_heads, group, d), strides, self.rows.start * qkv.stride(0))


class _Products(_Singles):
    """By products that round every row as if it were alone: softmax(q Kᵀ / √d + mask) V, in as many parts of the sum
    as `exact` says."""

    def __init__(self, pieces: list[Piece], rows: slice, seen: Tensor, config: DecoderConfig, at_once: int) -> None:
        firsts, ends = _views(pieces, config.window)
        step = step_of(config.heads // config.kv_heads, config.head_dim)
        begin, end = min(firsts) // at_once * at_once, -(-max(ends) // step) * step
        super().__init__(pieces, rows, seen, config, begin, end)
        self.at_once, self.scale, self.out = at_once, config.head_dim**-0.5, self.seen.flatten(0, 1)
        self.k = self.keys.flatten(1, 2).transpose(2, 3).unbind(0)  # L x [n H_kv, d, T]
        self.v = self.values.flatten(1, 2).unbind(0)  # L x [n H_kv, T, d]
        self.mask = mask_of(firsts, ends, begin, end)[:, None].repeat_interleave(config.kv_heads, 0)  # [n H_kv, 1, T]

    def look(self, layer: int, qkv: Tensor) -> None:
        """Fill the run's rows of what the tokens see."""
        q = self._queries(qkv).flatten(0, 1)
        look(q, self.k[layer], self.v[layer], self.mask, self.scale, self.at_once, self.out)


class _Fused(_Singles):
    """By PyTorch's own attention: other devices and number formats."""

    def __init__(self, pieces: list[Piece], rows: slice, seen: Tensor, config: DecoderConfig) -> None:
        firsts, ends = _views(pieces, config.window)
        super().__init__(pieces, rows, seen, config, min(firsts), max(ends))
        self.mask = None
        if len(pieces) > 1:
            self.mask = mask_of(firsts, ends, min(firsts), max(ends)).eq(0)[:, None, None].to(seen.device)
        self.k, self.v = self.keys.unbind(0), self.values.unbind(0)  # L x [n, H_kv, T, d]

    def look(self, layer: int, qkv: Tensor) -> None:
        """Fill the run's rows of what the tokens see."""
        q = self._queries(qkv)
        self.seen.copy_(F.scaled_dot_product_attention(q, self.k[layer], self.v[layer], attn_mask=self.mask))


class _Span(_Run):
    """Several tokens in a row of one text."""

    def __init__(self, piece: Piece, rows: slice, seen: Tensor, config: DecoderConfig) -> None:
        self.piece, self.rows, self.config = piece, rows, config
        self.seen = seen[rows].view(piece.time, config.heads, config.head_dim)
        self.mask = None
        if piece.start or config.window is not None:
            queries = torch.arange(piece.start, piece.end, device=seen.device)[:, None]
            keys = torch.arange(piece.end, device=seen.device)
            self.mask = keys <= queries
            if config.window is not None:
                self.mask &= keys > queries - config.window

    def keep(self, layer: int, qkv: Tensor) -> None:
        """Put the new keys and values where they belong."""
        c, piece = self.config, self.piece
        new = qkv[self.rows, c.heads * c.head_dim :].view(piece.time, 2, c.kv_heads, c.head_dim)
        piece.slot.kv[layer, :, :, piece.start : piece.end] = new.permute(1, 2, 0, 3)

    def look(self, layer: int, qkv: Tensor) -> None:
        """Fill the run's rows of what the tokens see."""
        c, piece = self.config, self.piece
        q = qkv[self.rows, : c.heads * c.head_dim].view(piece.time, c.heads, c.head_dim).transpose(0, 1)
        keys, values = piece.slot.kv[layer, :, None, :, : piece.end].unbind(0)  # [1, H_kv, S, d] each
        out = F.scaled_dot_product_attention(
            q[None],
            keys,
            values,
            attn_mask=self.mask,
            is_causal=self.mask is None,
            enable_gqa=c.heads != c.kv_heads,
        )  # [1, H, T, d]
        self.seen.copy_(out[0].transpose(0, 1))
