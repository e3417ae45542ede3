"""How varied texts are: among one another, and within themselves. Units are those of zaohua.metrics.units.

All of it depends on how long and how many the texts are, so it means something only beside the same numbers of real
texts, as many and as long.
"""

import math
from collections import Counter
from collections.abc import Sequence

from zaohua.metrics.units import ngrams, units

_ORDER = 4  # BLEU looks at runs of up to so many units
_ALMOST_NONE = 0.1  # stands for no match at all, so that one missing order does not make a product zero


def distinct(texts: Sequence[str], n: int) -> float | None:
    """Different n-grams among all n-grams of the texts (distinct-n, Li et al. 2016, arXiv:1510.03055): 1 if none comes
    twice. None if there are no n-grams."""
    found = [gram for text in texts for gram in ngrams(units(text), n)]
    return len(set(found)) / len(found) if found else None


def repetition(texts: Sequence[str], n: int = 4) -> float | None:
    """Share of n-grams that stood earlier in the same text (seq-rep-n of Welleck et al. 2019, arXiv:1908.04319, over
    all texts together). None if there are no n-grams."""
    found = [ngrams(units(text), n) for text in texts]
    total = sum(map(len, found))
    return sum(len(grams) - len(set(grams)) for grams in found) / total if total else None


def self_bleu(texts: Sequence[str]) -> float | None:
    """Mean BLEU-4 of each text with all others as its references (Zhu et al. 2018, arXiv:1802.01886): from 0, nothing
    in common, to 1, all the same. Orders longer than a text are left out; one without a match, above the first, counts
    as a tenth of one. Texts without a unit are left out; None if fewer than two remain.
    """
    split = [found for text in texts if (found := units(text))]
    if len(split) < 2:
        return None
    orders = [_best_counts(split, n) for n in range(1, _ORDER + 1)]
    lengths = [len(words) for words in split]
    total = 0.0
    for index, words in enumerate(split):
        logs = []
        for n, best in enumerate(orders, 1):
            grams = Counter(ngrams(words, n))
            matches = sum(min(count, best[gram].without(index)) for gram, count in grams.items())
            if not grams or (n == 1 and not matches):
                break
            logs.append(math.log((matches or _ALMOST_NONE) / grams.total()))
        if not logs:
            continue  # nothing in common with any other: 0
        others = lengths[:index] + lengths[index + 1 :]
        closest = min(others, key=lambda length: (abs(length - lengths[index]), length))
        brevity = min(0.0, 1 - closest / lengths[index])
        total += math.exp(brevity + sum(logs) / len(logs))
    return total / len(split)


class _Most:
    """The largest count of an n-gram in one text, whose it is, and the largest in any other."""

    __slots__ = ("first", "owner", "second")

    def __init__(self) -> None:
        self.first, self.owner, self.second = 0, -1, 0

    def add(self, owner: int, count: int) -> None:
        if count > self.first:
            self.second, self.first, self.owner = self.first, count, owner
        else:
            self.second = max(self.second, count)

    def without(self, owner: int) -> int:
        """The largest count in texts other than `owner`."""
        return self.second if owner == self.owner else self.first


def _best_counts(split: list[list[str]], n: int) -> dict[tuple[str, ...], _Most]:
    """What clips each n-gram of each text, kept in one pass instead of comparing all pairs of texts."""
    best: dict[tuple[str, ...], _Most] = {}
    for owner, words in enumerate(split):
        for gram, count in Counter(ngrams(words, n)).items():
            best.setdefault(gram, _Most()).add(owner, count)
    return best
