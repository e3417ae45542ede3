"""A stream of token ids that may be larger than memory: an array, or anything with `num_tokens` and `read`."""

from typing import Protocol

import numpy as np


class TokenReader(Protocol):
    """Token ids on disk, such as zaohua.data.shards.TokenShards."""

    @property
    def num_tokens(self) -> int:
        """Length of the stream."""

    def read(self, start: int, count: int) -> np.ndarray:
        """The `count` ids from `start` on. int64 [count]"""


Tokens = np.ndarray | TokenReader


def length(tokens: Tokens) -> int:
    """Number of tokens in the stream."""
    return len(tokens) if isinstance(tokens, np.ndarray) else tokens.num_tokens


def read(tokens: Tokens, start: int, count: int) -> np.ndarray:
    """A piece of the stream, shorter at its end. int64 [≤ count]"""
    count = min(count, length(tokens) - start)
    piece = tokens[start : start + count] if isinstance(tokens, np.ndarray) else tokens.read(start, count)
    return np.asarray(piece, dtype=np.int64)


def spread(tokens: Tokens, limit: int, pieces: int = 64) -> np.ndarray:
    """At most `limit` tokens: the whole stream, or equal pieces at equal distances over it, so that every document,
    and every language of a corpus sorted by language, has its share. int64 [≤ limit]"""
    total = length(tokens)
    if total <= limit:
        return read(tokens, 0, total)
    pieces = min(pieces, limit)
    size = limit // pieces
    return np.concatenate([read(tokens, total * i // pieces, size) for i in range(pieces)])
