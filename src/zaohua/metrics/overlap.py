"""How much of a generated text stands word for word in the training data.

Two numbers per text: the longest passage that occurs there, and the share of its windows of fixed length that occur
there. Real text repeats itself too, so the same numbers of validation text of the same lengths stand beside them:
a model that copies is above that line, one that writes is near it.

The training tokens are read once, piece by piece. Windows are found by a polynomial hash, and every hit is compared
token by token before it counts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from zaohua.metrics.stream import Tokens, length, read

_PIECE = 1 << 20  # training tokens in memory at once
_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2^64
_INVERSE = pow(_BASE, -1, 1 << 64)


@dataclass(frozen=True)
class Overlap:
    """One text against the training data. Lengths and positions in tokens."""

    longest: int  # length of the longest passage that occurs there
    start: int  # where in the text it begins
    windows: int  # number of windows in the text
    copied: int  # windows that occur there

    @property
    def share(self) -> float:
        """Copied windows among all; 0 for a text shorter than one window."""
        return self.copied / self.windows if self.windows else 0.0


class _Hashed:
    """Tokens with the hash of any window of them in two operations: prefix sums of (token + 1) · base^position."""

    def __init__(self, tokens: np.ndarray, powers: np.ndarray, inverses: np.ndarray) -> None:
        self.tokens, self.inverses = tokens, inverses
        self.sums = np.zeros(len(tokens) + 1, dtype=np.uint64)
        np.cumsum((tokens.astype(np.uint64) + np.uint64(1)) * powers[: len(tokens)], out=self.sums[1:])

    def at(self, starts: np.ndarray, size: int) -> np.ndarray:
        """Hashes of the windows that begin at `starts`. int64 [N] -> uint64 [N]"""
        return (self.sums[starts + size] - self.sums[starts]) * self.inverses[starts]

    def starts(self, size: int) -> np.ndarray:
        """Every position where a window of this size fits."""
        return np.arange(max(0, len(self.tokens) - size + 1))


class _Search:
    """What has been found of one text so far."""

    def __init__(self, text: _Hashed, window: int) -> None:
        self.text, self.window = text, window
        self.longest, self.start = 0, 0
        self.copied = np.zeros(len(text.starts(window)), dtype=bool)

    def result(self) -> Overlap:
        return Overlap(self.longest, self.start, len(self.copied), int(self.copied.sum()))

    def look(self, data: _Hashed, candidates: np.ndarray) -> None:
        """Search the windows of `data` that begin at `candidates` (at least all those that occur in the text)."""
        ours, theirs = self._matches(data, candidates, self.window)
        self.copied[ours] = True
        while True:  # a passage longer than the best begins with a window one longer than the best
            ours, theirs = self._matches(data, candidates, self.longest + 1)
            if len(ours) == 0:
                return
            self.start = int(ours[0])
            self.longest = _common(self.text.tokens[ours[0] :], data.tokens[theirs[0] :])

    def _matches(self, data: _Hashed, candidates: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Windows of the text that occur in the data, each with one place where it does. 2 x int64 [N]"""
        candidates = candidates[candidates + size <= len(data.tokens)]
        ours = self.text.starts(size)
        if len(candidates) == 0 or len(ours) == 0:
            return ours[:0], ours[:0]
        wanted = self.text.at(ours, size)
        theirs = candidates[_isin(data.at(candidates, size), wanted)]
        found, places = np.unique(data.at(theirs, size), return_index=True)
        ours = ours[_isin(wanted, found)]
        theirs = theirs[places[np.searchsorted(found, self.text.at(ours, size))]]
        span = np.arange(size)
        same = (self.text.tokens[ours[:, None] + span] == data.tokens[theirs[:, None] + span]).all(axis=1)
        return ours[same], theirs[same]


def _isin(values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Which values are wanted, quick for few wanted among many values. [N], [M] -> bool [N]"""
    if len(wanted) == 0:
        return np.zeros(len(values), dtype=bool)
    wanted = np.sort(wanted)
    return wanted[np.searchsorted(wanted, values).clip(max=len(wanted) - 1)] == values


def _common(left: np.ndarray, right: np.ndarray) -> int:
    """Length of the common beginning."""
    size = min(len(left), len(right))
    differ = np.flatnonzero(left[:size] != right[:size])
    return int(differ[0]) if len(differ) else size


def overlap(texts: Sequence[Sequence[int] | np.ndarray], train: Tokens, window: int = 8) -> list[Overlap]:
    """Each text (token ids, without its prompt) against the training tokens. Reads these once, in pieces."""
    arrays = [np.asarray(text, dtype=np.int64) for text in texts]
    reach = max([window, *map(len, arrays)])  # pieces overlap by the longest passage there can be
    powers, inverses = _powers(_BASE, _PIECE + 2 * reach), _powers(_INVERSE, _PIECE + 2 * reach)
    searches = [_Search(_Hashed(array, powers, inverses), window) for array in arrays]
    for piece in _pieces(train, reach):
        data = _Hashed(piece, powers, inverses)
        # Whatever is still of interest begins with a window of this size, so one pass rules out most positions.
        size = min([window, *(search.longest + 1 for search in searches)])
        wanted = [search.text.at(search.text.starts(size), size) for search in searches]
        everywhere = data.starts(size)
        candidates = everywhere[_isin(data.at(everywhere, size), np.concatenate([*wanted, np.empty(0, np.uint64)]))]
        for search in searches:
            search.look(data, candidates)
    return [search.result() for search in searches]


class Codec(Protocol):
    """Text to token ids and back, such as zaohua.language.tokenizer.Tokenizer."""

    def encode(self, text: str) -> list[int]:
        """Token ids of a text."""

    def decode(self, ids: list[int]) -> str:
        """The text of token ids."""


def overlap_report(
    texts: Sequence[str], tokenizer: Codec, train: Tokens, validation: Tokens, window: int = 8
) -> dict[str, object]:
    """The overlap of generated texts (without their prompts) and, as "reference", of stretches of the validation text
    of the same lengths. Both hold "longest" (tokens), "share" of windows, "passage" (the longest copy, as text) and
    "texts" (how many); "window" is in tokens. JSON-able.
    """
    written = [np.asarray(tokenizer.encode(text), dtype=np.int64) for text in texts]
    gaps = max(1, len(written) - 1)
    real = [
        read(validation, max(0, length(validation) - len(ids)) * i // gaps, len(ids)) for i, ids in enumerate(written)
    ]
    found = overlap([*written, *real], train, window)

    def summary(results: list[Overlap], ids: list[np.ndarray]) -> dict[str, object]:
        windows = sum(each.windows for each in results)
        best, source = max(zip(results, ids, strict=True), key=lambda pair: pair[0].longest, default=(None, None))
        passage = [] if best is None or source is None else source[best.start : best.start + best.longest].tolist()
        return {
            "texts": len(results),
            "longest": len(passage),
            "share": sum(each.copied for each in results) / windows if windows else 0.0,
            "passage": tokenizer.decode(passage),
        }

    reference = summary(found[len(written) :], real)
    return {"window": window, **summary(found[: len(written)], written), "reference": reference}


def _pieces(train: Tokens, reach: int) -> Iterator[np.ndarray]:
    """The training tokens in pieces that overlap, so that no passage up to `reach` is cut in every piece.

    The first are short: they set a record that lets the long ones be searched for longer passages only.
    """
    start, size = 0, min(4096, _PIECE)
    while start < length(train):
        yield read(train, start, size + reach)
        start, size = start + size, min(2 * size, _PIECE)


def _powers(base: int, count: int) -> np.ndarray:
    """base^0, base^1, … modulo 2^64. uint64 [count]"""
    factors = np.full(count, base, dtype=np.uint64)
    factors[0] = 1
    return np.cumprod(factors)
