"""Which occupations a list of duties is a mixture of, with "none of these": by words of tasks, activities, titles."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from zaohua.careers.exposure.words import Words, fitted

FOLDER = Path(__file__).parent / "weights"
_NONE = 0.06  # cosine under which a duty is rather of no known occupation: the median of sentences about other things
_SHARP = 30.0  # how much a difference of cosines says
_CANDIDATES = 8
_ANY_DUTY = re.compile(r"负责(?!人)|协助|参与|配合|按时|及时|定期|相关")


@dataclass(frozen=True)
class Match:
    """code: of the occupation, "" for none of these; share: of the duties, 0 … 1."""

    code: str
    share: float


class Matcher:
    """Rows of weighted words, one an occupation, in a sparse matrix that is read by term."""

    def __init__(self, words: Words, codes: Sequence[str], starts: np.ndarray, rows: np.ndarray, weights: np.ndarray):
        self.words, self.codes = words, list(codes)
        self._starts, self._rows, self._weights = starts, rows, weights

    def cosines(self, texts: Sequence[str]) -> np.ndarray:
        """[N, occupations]"""
        found = np.zeros((len(texts), len(self.codes)), np.float32)
        rows = self.words.rows(self._spoken(texts))
        for text in range(len(texts)):
            part = slice(rows.starts[text], rows.starts[text + 1])
            for term, weight in zip(rows.columns[part], rows.weights[part], strict=True):
                here = slice(self._starts[term], self._starts[term + 1])
                found[text, self._rows[here]] += weight * self._weights[here]
        return found

    def _spoken(self, texts: Sequence[str]) -> list[str]:
        """Without the words that any Chinese duty may begin with: they lead to those who are in charge of something."""
        return [_ANY_DUTY.sub("", text) for text in texts] if self.words.language == "zh" else list(texts)

    def rank(self, text: str, count: int = 10) -> list[tuple[str, float]]:
        """The nearest occupations to a whole text with their cosines."""
        score = self.cosines([text])[0]
        return [(self.codes[place], float(score[place])) for place in np.argsort(-score, kind="stable")[:count]]

    def mixture(self, duties: Sequence[str]) -> list[Match]:
        """Shares that explain the duties best (expectation-maximisation), the largest first; under 5% is left out.

        Duties count for themselves, so their order is of no consequence.
        """
        whole = self.cosines(["\n".join(sorted(duties))])[0]
        best = np.argsort(-whole, kind="stable")[:_CANDIDATES]
        best = best[whole[best] > 0]
        near = self.cosines(duties)[:, best]
        fit = np.exp(_SHARP * np.hstack([near + whole[best] / 2, np.full((len(duties), 1), 2 * _NONE)]))
        shares = np.full(len(best) + 1, 1 / (len(best) + 1))
        for _ in range(60):
            owed = fit * shares
            shares = (owed / owed.sum(1, keepdims=True)).mean(0)
        codes = [*(self.codes[place] for place in best), ""]
        found = [Match(code, float(share)) for code, share in zip(codes, shares, strict=True) if share >= 0.05]
        total = sum(match.share for match in found)
        return sorted((Match(m.code, m.share / total) for m in found), key=lambda m: (-m.share, m.code))


@cache
def matcher(language: str) -> Matcher:
    """English: SOC codes. Chinese: codes of the classification of 2022."""
    with np.load(FOLDER / f"matching-{language}.npz", allow_pickle=False) as arrays:
        terms, codes = (bytes(arrays[name]).decode().split("\n") for name in ("terms", "codes"))
        words = Words(language, terms, arrays["idf"].astype(np.float32))
        return Matcher(words, codes, arrays["starts"], arrays["rows"], arrays["weights"].astype(np.float32))


def save_matcher(language: str, documents: dict[str, str], least: int) -> None:
    """From one document an occupation, by code."""
    codes, texts = list(documents), list(documents.values())
    words = fitted(language, texts, least)
    starts, rows, weights = by_term(words, texts)
    np.savez_compressed(
        FOLDER / f"matching-{language}.npz",
        terms=np.frombuffer("\n".join(words.place).encode(), np.uint8),
        codes=np.frombuffer("\n".join(codes).encode(), np.uint8),
        idf=words.idf.astype(np.float16),
        starts=starts.astype(np.int32),
        rows=rows.astype(np.uint16),
        weights=weights.astype(np.float16),
    )


def by_term(words: Words, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where each term begins, then the texts that have it and the weight it has there."""
    found = words.rows(texts)
    order = np.argsort(found.columns, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(found.columns, minlength=len(words.idf)))])
    return starts, np.repeat(np.arange(len(texts)), np.diff(found.starts))[order], found.weights[order]
