"""Vectors that a prompt holds in the place of tokens: what a picture looks like, say, as another network sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from zaohua.language.engine.attending import Piece
    from zaohua.language.engine.running import Running


@dataclass(frozen=True, eq=False)
class Vectors:
    """Of a prompt: the tokens from `start` on are read as these, float32 [n, D]; whichever tokens stand there do not
    matter."""

    start: int
    vectors: Tensor


@dataclass(frozen=True, eq=False)
class Given:
    """The same of one pass over several texts. rows: which rows of it, [n]; vectors: theirs, [n, D]."""

    rows: list[int]
    vectors: Tensor


def given_in(texts: Sequence["Running"], pieces: Sequence["Piece"]) -> Given | None:
    """What the texts' prompts hold within these pieces of theirs, which lie end to end; None for nothing."""
    rows: list[int] = []
    parts: list[Tensor] = []
    first = 0
    for text, piece in zip(texts, pieces, strict=True):
        vectors = text.vectors
        if vectors is not None:
            start = max(vectors.start, piece.start)
            end = min(vectors.start + len(vectors.vectors), piece.end)
            if start < end:
                rows += range(first + start - piece.start, first + end - piece.start)
                parts.append(vectors.vectors[start - vectors.start : end - vectors.start])
        first += piece.time
    return Given(rows, torch.cat(parts)) if parts else None
