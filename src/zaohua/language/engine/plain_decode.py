"""The plain decoder behind the engine's interface: for models whose parts FastDecoder does not know."""

from collections.abc import Sequence

import torch
from torch import Tensor

from zaohua.language.decoder import Decoder
from zaohua.language.engine.attending import Piece
from zaohua.language.engine.given import Given
from zaohua.nn.cache import KVCache


class PlainDecoder:
    """Reads one text after the other through the modules themselves: slower, and right for whatever they are."""

    def __init__(self, decoder: Decoder) -> None:
        self.decoder, self.config = decoder, decoder.config

    def __call__(self, ids: Sequence[int], pieces: Sequence[Piece], given: Given | None = None) -> Tensor:
        """Final hidden states [N, D] of the pieces' tokens, end to end. given: vectors in the place of some tokens'
        own."""
        times = [piece.time for piece in pieces]
        tokens = torch.tensor(ids, device=self.decoder.embed_tokens.weight.device)
        embedded = self.decoder.embed_tokens(tokens)
        if given is not None:
            embedded[given.rows] = given.vectors.to(embedded)
        hidden = [
            self.decoder.hidden(part[None], _Cache(piece), embedded=x[None])
            for part, x, piece in zip(tokens.split(times), embedded.split(times), pieces, strict=True)
        ]
        return torch.cat(hidden, dim=1)[0]

    def logits(self, hidden: Tensor) -> Tensor:
        """[N, D] -> fp32 [N, V]"""
        return torch.cat([self.decoder.lm_head(row) for row in hidden.split(1)]).float()


class _Cache(KVCache):
    """A slot as the cache of one forward pass."""

    def __init__(self, piece: Piece) -> None:
        self.kv, self.length, self.capacity = piece.slot.kv, piece.start, piece.slot.capacity

    def append(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Store the new positions of one layer and return all so far. k, v: [1, H_kv, T, d] -> [1, H_kv, S, d]"""
        end = self.length + k.shape[2]
        self.kv[layer, 0:1, :, self.length : end] = k
        self.kv[layer, 1:2, :, self.length : end] = v
        return self.kv[layer, 0:1, :, :end], self.kv[layer, 1:2, :, :end]
