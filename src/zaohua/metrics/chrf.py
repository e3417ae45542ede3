"""chrF: how much of the character n-grams two texts share (Popović 2015, WMT, "chrF: character n-gram F-score")."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

_ORDER, _BETA = 6, 2.0  # n-grams of 1 … 6 characters; recall weighs twice as much as precision


def chrf(texts: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """chrF2 of a whole set, 0 … 1: counts are summed over the texts, each with its best reference. Spaces are left out.

    references: one or several for each text. Raises ValueError for a text without one.
    """
    totals = np.zeros((_ORDER, 3))
    for text, known in zip(texts, references, strict=True):
        if not known:
            raise ValueError("chrF needs a reference for every text")
        candidates = [_matches(text, reference) for reference in known]
        totals += max(candidates, key=_score)
    return _score(totals)


def _matches(text: str, reference: str) -> np.ndarray:
    """For each order: n-grams of the text, of the reference, and those in both. [_ORDER, 3]"""
    found = np.zeros((_ORDER, 3))
    for order in range(1, _ORDER + 1):
        ours, theirs = _ngrams(text, order), _ngrams(reference, order)
        # Where the reference is too short for an n-gram, the text is not charged for having some.
        found[order - 1] = ours.total() if theirs else 0, theirs.total(), (ours & theirs).total()
    return found


def _ngrams(text: str, order: int) -> Counter[str]:
    letters = "".join(text.split())
    return Counter(letters[i : i + order] for i in range(len(letters) - order + 1))


def _score(totals: np.ndarray) -> float:
    """F of the mean precision and the mean recall, over the orders that both sides have."""
    ours, theirs, both = totals.T
    used = (ours > 0) & (theirs > 0)
    if not used.any():
        return 0.0
    precision, recall = (both[used] / ours[used]).mean(), (both[used] / theirs[used]).mean()
    if precision + recall == 0:
        return 0.0
    return float((1 + _BETA**2) * precision * recall / (_BETA**2 * precision + recall))
