"""Weighted counts of the words of short texts: words and pairs of words in English, runs of characters in Chinese."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

_WORD = re.compile(r"\b\w\w+\b")
_HAN = re.compile(r"[\u3400-\u9fff]+|[a-z]\w+")


def english_terms(text: str) -> list[str]:
    """Words of two letters and more, and pairs of neighbours."""
    words = _WORD.findall(text.lower())
    return words + [f"{one} {two}" for one, two in pairwise(words)]


def chinese_terms(text: str) -> list[str]:
    """Runs of one to three characters that no punctuation breaks; words of Latin letters whole."""
    return list(_chinese(text.lower()))


def _chinese(text: str) -> Iterator[str]:
    for run in _HAN.findall(text):
        if run.isascii():
            yield run
            continue
        for size in (1, 2, 3):
            yield from (run[start : start + size] for start in range(len(run) - size + 1))


TERMS = {"en": english_terms, "zh": chinese_terms}


@dataclass(frozen=True)
class Rows:
    """Sparse rows: row r holds `weights[starts[r]:starts[r + 1]]` in `columns[starts[r]:starts[r + 1]]`."""

    starts: np.ndarray
    columns: np.ndarray
    weights: np.ndarray

    def times(self, matrix: np.ndarray) -> np.ndarray:
        """Product with a dense matrix: [N, V] · [V, K] -> [N, K]"""
        found = np.zeros((len(self.starts) - 1, matrix.shape[1]), np.float32)
        row = np.repeat(np.arange(len(found)), np.diff(self.starts))
        for start in range(0, len(row), 1 << 18):  # a quarter million terms at a time bounds the memory
            part = slice(start, start + (1 << 18))
            np.add.at(found, row[part], self.weights[part, None] * matrix[self.columns[part]])
        return found


class Words:
    """Texts to rows of (1 + ln tf) · idf, of length 1. terms: the vocabulary; idf: float32 [V]."""

    def __init__(self, language: str, terms: Sequence[str], idf: np.ndarray) -> None:
        self.language, self._terms, self.idf = language, TERMS[language], idf
        self.place = {term: column for column, term in enumerate(terms)}

    def rows(self, texts: Sequence[str]) -> Rows:
        """One row a text; a text without known words has an empty one."""
        starts, columns, weights = [0], [], []
        for text in texts:
            counts: dict[int, int] = {}
            for term in self._terms(text):
                if (column := self.place.get(term)) is not None:
                    counts[column] = counts.get(column, 0) + 1
            if counts:
                here = np.fromiter(counts, np.int64, len(counts))
                weight = (1 + np.log(np.fromiter(counts.values(), np.float32, len(counts)))) * self.idf[here]
                columns.append(here)
                weights.append((weight / np.linalg.norm(weight)).astype(np.float32))
            starts.append(starts[-1] + len(counts))
        none = np.zeros(0, np.int64), np.zeros(0, np.float32)
        return Rows(np.array(starts), np.concatenate([*columns, none[0]]), np.concatenate([*weights, none[1]]))


def fitted(language: str, texts: Sequence[str], least: int) -> Words:
    """The vocabulary of `texts`: terms of at least `least` of them; idf = 1 + ln((1 + N) / (1 + df))."""
    frequency: dict[str, int] = {}
    for text in texts:
        for term in set(TERMS[language](text)):
            frequency[term] = frequency.get(term, 0) + 1
    terms = sorted(term for term, count in frequency.items() if count >= least)
    counts = np.array([frequency[term] for term in terms], np.float32)
    return Words(language, terms, (1 + np.log((1 + len(texts)) / (1 + counts))).astype(np.float32))
