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

from zaohua.metrics.rolling import Hashed, isin, tables
from zaohua.metrics.stream import Tokens, length, read

_PIECE = 1 << 20  # training tokens in memory at once


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


class _Search:
    """What has been found of one text so far."""

    def __init__(self, text: Hashed, window: int) -> None:
        self.text, self.window = text, window
        self.longest, self.start = 0, 0
        self.copied = np.zeros(len(text.starts(window)), dtype=bool)

    def result(self) -> Overlap:
        return Overlap(self.longest, self.start, len(self.copied), int(self.copied.sum()))

    def look(self, data: Hashed, candidates: np.ndarray) -> None:
        """Search the windows of `data` that begin at `candidates` (at least all those that occur in the text)."""
        ours, theirs = self._matches(data, candidates, self.window)
        self.copied[ours] = True
        while True:  # a passage longer than the best begins with a window one longer than the best
            ours, theirs = self._matches(data, candidates, self.longest + 1)
            if len(ours) == 0:
                return
            self.start = int(ours[0])
            self.longest = _common(self.text.tokens[ours[0] :], data.tokens[theirs[0] :])

    def _matches(self, data: Hashed, candidates: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Windows of the text that occur in the data, each with one place where it does. 2 x int64 [N]"""
        candidates = candidates[candidates + size <= len(data.tokens)]
        ours = self.text.starts(size)
        if len(candidates) == 0 or len(ours) == 0:
            return ours[:0], ours[:0]
        wanted = self.text.at(ours, size)
        theirs = candidates[isin(data.at(candidates, size), wanted)]
        found, places = np.unique(data.at(theirs, size), return_index=True)
        ours = ours[isin(wanted, found)]
        theirs = theirs[places[np.searchsorted(found, self.text.at(ours, size))]]
        span = np.arange(size)
        same = (self.text.tokens[ours[:, None] + span] == data.tokens[theirs[:, None] + span]).all(axis=1)
        return ours[same], theirs[same]


def _common(left: np.ndarray, right: np.ndarray) -> int:
    """Length of the common beginning."""
    size = min(len(left), len(right))
    differ = np.flatnonzero(left[:size] != right[:size])
    return int(differ[0]) if len(differ) else size


def overlap(texts: Sequence[Sequence[int] | np.ndarray], train: Tokens, window: int = 8) -> list[Overlap]:
    """Each text (token ids, without its prompt) against the training tokens. Reads these once, in pieces."""
    arrays = [np.asarray(text, dtype=np.int64) for text in texts]
    reach = max([window, *map(len, arrays)])  # pieces overlap by the longest passage there can be
    powers, inverses = tables(_PIECE + 2 * reach)
    searches = [_Search(Hashed(array, powers, inverses), window) for array in arrays]
    for piece in _pieces(train, reach):
        data = Hashed(piece, powers, inverses)
        # Whatever is still of interest begins with a window of this size, so one pass rules out most positions.
        size = min([window, *(search.longest + 1 for search in searches)])
        wanted = [search.text.at(search.text.starts(size), size) for search in searches]
        everywhere = data.starts(size)
        candidates = everywhere[isin(data.at(everywhere, size), np.concatenate([*wanted, np.empty(0, np.uint64)]))]
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
    real = stretches(validation, [len(ids) for ids in written])
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


def stretches(tokens: Tokens, sizes: Sequence[int]) -> list[np.ndarray]:
    """Pieces of these sizes at equal distances over the stream, shorter where it ends. int64 [≤ size] each"""
    gaps = max(1, len(sizes) - 1)
    return [read(tokens, max(0, length(tokens) - size) * i // gaps, size) for i, size in enumerate(sizes)]


def _pieces(train: Tokens, reach: int) -> Iterator[np.ndarray]:
    """The training tokens in pieces that overlap, so that no passage up to `reach` is cut in every piece.

    The first are short: they set a record that lets the long ones be searched for longer passages only.
    """
    start, size = 0, min(4096, _PIECE)
    while start < length(train):
        yield read(train, start, size + reach)
        start, size = start + size, min(2 * size, _PIECE)
