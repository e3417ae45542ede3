"""Which occupations a list of duties is a mixture of, with "none of these": by words of tasks, activities and titles
and, where the sentence encoder is at hand, by meaning."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np

from zaohua.careers.exposure import meaning
from zaohua.careers.exposure.words import Words, fitted

FOLDER = Path(__file__).parent / "weights"
# By words and with meaning: how much a difference of likeness says, what the whole text's counts beside a duty's, and
# what "none of these" has, which half, or hardly any, of sentences about other things reach.
_SHARP, _OF_WHOLE, _NONE = {False: 30.0, True: 25.0}, {False: 0.5, True: 1.0}, 0.12
_NONE_MEANT = {"en": 0.32, "zh": 0.27}
_COMMON = 50  # what the fiftieth nearest occupation has in common with a text is nothing of its own
_OF_WORDS = {"en": 2.0, "zh": 0.5}  # what words count where vectors count 1
_CANDIDATES = 8
_OF_NAME = 0.5  # what the name of the job counts, if it is sure
_ANY_DUTY = re.compile(r"负责(?!人)|协助|参与|配合|按时|及时|定期|相关")


@dataclass(frozen=True)
class Match:
    """code: of the occupation, "" for none of these; share: of the duties, 0 … 1."""

    code: str
    share: float


class Matcher:
    """Rows of weighted words, one an occupation, in a sparse matrix that is read by term; and, where there are any,
    vectors of what each occupation's work means, [occupations, 384]."""

    def __init__(
        self,
        words: Words,
        codes: Sequence[str],
        starts: np.ndarray,
        rows: np.ndarray,
        weights: np.ndarray,
        vectors: np.ndarray | None = None,
    ):
        self.words, self.codes = words, list(codes)
        self._place = {code: place for place, code in enumerate(codes)}
        self._starts, self._rows, self._weights, self._vectors = starts, rows, weights, vectors

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

    @property
    def means(self) -> bool:
        """Whether meaning counts."""
        return self._vectors is not None and meaning.is_here()

    def likeness(self, texts: Sequence[str]) -> np.ndarray:
        """[N, occupations]: cosines of words, or the weighted sum of these and of cosines of meaning."""
        if self._vectors is None or not self.means:
            return self.cosines(texts)
        language = self.words.language
        return _OF_WORDS[language] * self.cosines(texts) + meaning.vectors(texts, language) @ self._vectors.T

    def _spoken(self, texts: Sequence[str]) -> list[str]:
        """Without the words that any Chinese duty may begin with: they lead to those who are in charge of something."""
        return [_ANY_DUTY.sub("", text) for text in texts] if self.words.language == "zh" else list(texts)

    def rank(self, text: str, count: int = 10) -> list[tuple[str, float]]:
        """The nearest occupations to a whole text with their likeness."""
        score = self.likeness([text])[0]
        return [(self.codes[place], float(score[place])) for place in np.argsort(-score, kind="stable")[:count]]

    def mixture(self, duties: Sequence[str], named: Mapping[str, float] = MappingProxyType({})) -> list[Match]:
        """Shares that explain the duties best (expectation-maximisation), the largest first; under 5% is left out.

        Duties count for themselves, so their order is of no consequence. named: occupations that the text itself names,
        and how surely.
        """
        parts = self.likeness(["\n".join(sorted(duties)), *duties])
        whole, near = parts[0], parts[1:]
        if self.means:  # the vector of a long text is blurred, and any two texts are somewhat alike
            whole, near = _standing_out((whole + near.mean(0))[None] / 2)[0], _standing_out(near)
            near[self.cosines(duties).max(1) == 0] = -1.0  # no word of it is known
        for code, sure in named.items():
            if code in self._place:
                whole[self._place[code]] += _OF_NAME * sure
        best = np.argsort(-whole, kind="stable")[:_CANDIDATES]
        best = best[whole[best] > 0]
        none = np.full((len(duties), 1), _NONE_MEANT[self.words.language] if self.means else _NONE)
        fit = np.exp(_SHARP[self.means] * np.hstack([near[:, best] + _OF_WHOLE[self.means] * whole[best], none]))
        shares = np.full(len(best) + 1, 1 / (len(best) + 1))
        for _ in range(60):
            owed = fit * shares
            shares = (owed / owed.sum(1, keepdims=True)).mean(0)
        codes = [*(self.codes[place] for place in best), ""]
        found = [Match(code, float(share)) for code, share in zip(codes, shares, strict=True) if share >= 0.05]
        total = sum(match.share for match in found)
        return sorted((Match(m.code, m.share / total) for m in found), key=lambda m: (-m.share, m.code))


def _standing_out(likeness: np.ndarray) -> np.ndarray:
    """How far each occupation stands out from those that any such text is like. [N, occupations]"""
    return likeness - np.sort(likeness, axis=1)[:, -_COMMON, None]


@cache
def matcher(language: str) -> Matcher:
    """English: SOC codes. Chinese: codes of the classification of 2022."""
    with np.load(FOLDER / f"matching-{language}.npz", allow_pickle=False) as arrays:
        terms, codes = (bytes(arrays[name]).decode().split("\n") for name in ("terms", "codes"))
        words = Words(language, terms, arrays["idf"].astype(np.float32))
        sparse = arrays["starts"], arrays["rows"], arrays["weights"].astype(np.float32)
        return Matcher(words, codes, *sparse, meaning.unit(arrays["vectors"].astype(np.float32)))


def save_matcher(language: str, documents: dict[str, str], least: int, vectors: np.ndarray) -> None:
    """From one document and one vector [384] an occupation, by code."""
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
        vectors=np.round(vectors / np.abs(vectors).max(1, keepdims=True) * 127).astype(np.int8),
    )


def by_term(words: Words, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where each term begins, then the texts that have it and the weight it has there."""
    found = words.rows(texts)
    order = np.argsort(found.columns, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(found.columns, minlength=len(words.idf)))])
    return starts, np.repeat(np.arange(len(texts)), np.diff(found.starts))[order], found.weights[order]
