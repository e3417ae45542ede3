"""Texts by the pieces they are made of: tf-idf over runs of characters, in numpy alone.

Weights are (1 + ln tf) · (1 + ln((1 + N) / (1 + df))), rows of length 1, so that a score is a cosine.
"""

from collections.abc import Sequence

import numpy as np

_ODD = np.uint64(0x9E3779B97F4A7C15)  # the odd number nearest 2^64 / golden ratio: spreads what it multiplies


class GramIndex:
    """Cosines between a question and many short texts, by their runs of `sizes` characters."""

    def __init__(self, texts: Sequence[str], sizes: Sequence[int]) -> None:
        self.sizes, self.count = tuple(sizes), len(texts)
        rows, grams = _grams(texts, self.sizes)
        self.grams, numbers = np.unique(grams, return_inverse=True)
        pairs, times = np.unique(numbers * self.count + rows, return_counts=True)
        numbers, rows = np.divmod(pairs, self.count)
        documents = np.bincount(numbers, minlength=len(self.grams))
        self.starts = np.append(0, np.cumsum(documents))
        self.rarity = 1 + np.log((1 + self.count) / (1 + documents))  # [grams]
        weights = (1 + np.log(times)) * np.repeat(self.rarity, documents)
        lengths = np.sqrt(np.bincount(rows, weights**2, minlength=self.count))
        self.rows, self.weights = rows, weights / np.maximum(lengths, 1e-12)[rows]

    def scores(self, question: str) -> np.ndarray:
        """[texts] cosine of `question` with each text."""
        _, grams = _grams([question], self.sizes)
        grams, times = np.unique(grams, return_counts=True)
        places = np.searchsorted(self.grams, grams)
        known = places < len(self.grams)
        known[known] = self.grams[places[known]] == grams[known]
        unseen = 1 + np.log(1 + self.count)
        rarity = np.full(len(grams), unseen)
        rarity[known] = self.rarity[places[known]]
        weights = (1 + np.log(times)) * rarity
        weights /= max(float(np.sqrt((weights**2).sum())), 1e-12)
        found = np.zeros(self.count)
        for place, weight in zip(places[known], weights[known], strict=True):
            inside = slice(self.starts[place], self.starts[place + 1])
            found[self.rows[inside]] += weight * self.weights[inside]  # a text holds each gram once
        return found


def _grams(texts: Sequence[str], sizes: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """(rows, grams): every run of each size in every text, as the text's number and the run's hash."""
    joined = "\n".join(texts)
    characters = np.frombuffer(joined.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    rows = np.cumsum(characters == ord("\n"))
    kept_rows, kept_grams = [], []
    for size in sizes:
        if len(characters) < size:
            continue
        last = len(characters) - size + 1
        run = np.full(last, size, dtype=np.uint64)
        for place in range(size):
            run = (run ^ characters[place : place + last]) * _ODD
            run ^= run >> np.uint64(29)
        whole = rows[:last] == rows[size - 1 :]
        whole &= characters[:last] != ord("\n")  # a run that begins with the line's end lies in the next text only
        kept_rows.append(rows[:last][whole])
        kept_grams.append(run[whole])
    return np.concatenate(kept_rows), np.concatenate(kept_grams)
