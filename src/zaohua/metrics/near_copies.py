"""How much of a text stands in the training text nearly word for word: small changes do not hide a copy.

A window is 20 units in a row (words, or Chinese characters; case, blank space and punctuation do not count, see
zaohua.metrics.units). It is a near copy if the training text holds a passage within 3 edits of it: units put in, left
out or replaced. The search misses none: with 3 edits, one of a window's 4 quarters stands there unchanged, so every
place where a quarter does is compared, by the usual recurrence of edit distance (Sellers 1980, free at both ends)
in a band around it.

An edit is of a whole unit. One character in ten changed leaves 88% of the windows of a copied Chinese novel near
copies, but 8% of those of English stories, where it changes four words in ten. A traditional character is another unit
than its simplified form.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from zaohua.metrics.overlap import Codec
from zaohua.metrics.rolling import Hashed, isin, tables
from zaohua.metrics.stream import Tokens, length, read
from zaohua.metrics.units import is_han, units

WINDOW, EDITS = 20, 3
_QUARTER = WINDOW // (EDITS + 1)
_PIECE = 1 << 18  # tokens or units of the training text in memory at once
_CHUNK = 1 << 15  # places compared at once


@dataclass(frozen=True)
class NearCopies:
    """One text against the training text."""

    windows: int
    near: int  # windows within 3 edits of a training passage
    exact: int  # windows that stand there unit for unit
    longest: int  # units in the longest stretch all of whose windows are near copies
    passage: str  # that stretch


def near_copies(texts: Sequence[str], source: Iterable[list[str]]) -> list[NearCopies]:
    """Each text against a source of units, which is read once, in pieces that follow each other."""
    split = [units(text) for text in texts]
    ids: dict[str, int] = {}
    numbered = [np.array([ids.setdefault(unit, len(ids) + 1) for unit in words], dtype=np.int32) for words in split]
    cut = [np.lib.stride_tricks.sliding_window_view(row, WINDOW) for row in numbered if len(row) >= WINDOW]
    if not cut:
        return [NearCopies(0, 0, 0, 0, "")] * len(texts)
    windows, where = np.unique(np.concatenate(cut), axis=0, return_inverse=True)
    edits = _fewest_edits(windows, _numbered(source, ids))[where.reshape(-1)]
    found, done = [], 0
    for words in split:
        count = max(0, len(words) - WINDOW + 1)
        found.append(_summary(words, edits[done : done + count]))
        done += count
    return found


def _summary(words: list[str], edits: np.ndarray) -> NearCopies:
    """edits: int8 [windows], the fewest of each."""
    near = np.concatenate([[False], edits <= EDITS, [False]])
    begins, ends = np.flatnonzero(near[1:] > near[:-1]), np.flatnonzero(near[1:] < near[:-1])
    passage: list[str] = []
    if len(begins):
        best = int((ends - begins).argmax())
        passage = words[begins[best] : ends[best] + WINDOW - 1]
    return NearCopies(len(edits), int(near.sum()), int((edits == 0).sum()), len(passage), joined(passage))


def joined(words: Sequence[str]) -> str:
    """Units as text again: blank space between words, none beside Chinese characters."""
    text = ""
    for word in words:
        text += word if not text or is_han(word) or is_han(text[-1]) else " " + word
    return text


def _numbered(source: Iterable[list[str]], ids: dict[str, int]) -> Iterator[np.ndarray]:
    """The source's pieces as numbers, 0 for every unit that no text holds; each repeats the end of the one before it
    by as much as a near copy can reach."""
    tail = np.zeros(0, dtype=np.int32)
    for words in source:
        piece = np.concatenate([tail, np.fromiter((ids.get(word, 0) for word in words), np.int32, len(words))])
        yield piece
        tail = piece[-(WINDOW + EDITS) :]


def _fewest_edits(windows: np.ndarray, pieces: Iterable[np.ndarray]) -> np.ndarray:
    """For each window the fewest edits to any passage of the pieces, EDITS + 1 if there are more. int8 [M]"""
    powers, inverses = tables(2 * _PIECE)
    quarters = windows.reshape(-1, _QUARTER).astype(np.uint64)  # [M · 4, 5]
    hashes = ((quarters + np.uint64(1)) * powers[:_QUARTER]).sum(1, dtype=np.uint64)
    order = np.argsort(hashes)
    hashes = hashes[order]
    best = np.full(len(windows), EDITS + 1, dtype=np.int8)
    for whole in pieces:
        for start in range(0, max(1, len(whole)), _PIECE):
            piece = whole[start : start + _PIECE + WINDOW + EDITS]
            data = Hashed(piece, powers, inverses)
            everywhere = data.at(data.starts(_QUARTER), _QUARTER)
            places = np.flatnonzero(isin(everywhere, hashes))
            first, last = (np.searchsorted(hashes, everywhere[places], side) for side in ("left", "right"))
            _compare(windows, piece, order, places, first, last, best)
    return best


def _compare(
    windows: np.ndarray,
    piece: np.ndarray,
    order: np.ndarray,
    places: np.ndarray,
    first: np.ndarray,
    last: np.ndarray,
    best: np.ndarray,
) -> None:
    """Lower `best` by what is found where quarters order[first:last] stand at `places` of the piece."""
    padded = np.concatenate([np.zeros(WINDOW + EDITS, np.int32), piece, np.zeros(WINDOW + EDITS, np.int32)])
    step = max(1, _CHUNK // max(1, int((last - first).max(initial=1))))
    for begin in range(0, len(places), step):
        chosen = slice(begin, begin + step)
        counts = last[chosen] - first[chosen]
        offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        quarter = order[np.repeat(first[chosen], counts) + offsets]
        number, within = quarter // (EDITS + 1), quarter % (EDITS + 1)
        start = np.repeat(places[chosen], counts) - within * _QUARTER  # where the window begins if nothing is edited
        pairs = np.unique(np.stack([number, start], axis=1), axis=0)
        number, start = pairs[:, 0], pairs[:, 1]
        open_ = best[number] > 0
        number, start = number[open_], start[open_]
        np.minimum.at(best, number, _edit_distances(windows[number], padded, start + WINDOW + EDITS))


def _edit_distances(windows: np.ndarray, source: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Fewest edits between windows[c] and a passage of the source near starts[c], on paths that leave the diagonal
    by EDITS at most. int32 [C, WINDOW], int32 [S], int64 [C] -> int8 [C]"""
    width = 2 * EDITS + 1
    cost = np.zeros((len(windows), width), dtype=np.int8)  # [c, k]: passages that end k - EDITS off the diagonal
    band = starts[:, None] + np.arange(width) - EDITS
    for place in range(WINDOW):
        replaced = cost + (source[band + place] != windows[:, place, None])
        left_out = np.pad(cost[:, 1:], ((0, 0), (0, 1)), constant_values=WINDOW) + 1
        cost = np.minimum(replaced, left_out).astype(np.int8)
        for k in range(1, width):  # units put in
            np.minimum(cost[:, k], cost[:, k - 1] + 1, out=cost[:, k])
    return np.minimum(cost.min(axis=1, initial=EDITS + 1), EDITS + 1).astype(np.int8)


def source_units(
    tokenizer: Codec, tokens: Tokens, on_progress: Callable[[int], None] = lambda done: None
) -> Iterator[list[str]]:
    """The units of a stream of tokens, piece by piece; a unit cut by the end of a piece counts as two. on_progress:
    called with the tokens read."""
    for start in range(0, length(tokens), _PIECE):
        yield units(tokenizer.decode(read(tokens, start, _PIECE).tolist()))
        on_progress(min(start + _PIECE, length(tokens)))


def near_copy_report(texts: Sequence[str], real: Sequence[str], source: Iterable[list[str]]) -> dict[str, object]:
    """Near copies in the texts and, as "reference", in real unseen texts. Both hold "share" (of windows that are near
    copies), "exact" (share that stand unit for unit; both None where no text is as long as a window), "longest" (units)
    and "passage". JSON-able."""
    found = near_copies([*texts, *real], source)

    def summary(results: list[NearCopies]) -> dict[str, object]:
        windows = sum(each.windows for each in results)
        longest = max(results, key=lambda each: each.longest, default=NearCopies(0, 0, 0, 0, ""))
        return {
            "share": sum(each.near for each in results) / windows if windows else None,
            "exact": sum(each.exact for each in results) / windows if windows else None,
            "longest": longest.longest,
            "passage": longest.passage,
        }

    report = summary(found[: len(texts)]) | {"reference": summary(found[len(texts) :])}
    return {"window": WINDOW, "edits": EDITS, **report}
