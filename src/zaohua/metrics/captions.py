"""How near captions come to what people wrote. All count words, and Chinese by characters: see zaohua.metrics.units.

CIDEr-D: Vedantam, Zitnick & Parikh 2015, arXiv:1411.5726, as evaluated for COCO. ROUGE-L: Lin 2004, "ROUGE", with the
best precision and the best recall over the references, as for COCO.
"""

from collections import Counter
from collections.abc import Sequence
from math import exp

import numpy as np

from zaohua.metrics.bleu import bleu
from zaohua.metrics.chrf import chrf
from zaohua.metrics.units import ngrams, units

_ORDER, _SIGMA = 4, 6.0  # n-grams of 1 … 4 units; units by which a length may differ before it costs much
_BETA = 1.2  # of ROUGE-L: recall weighs more than precision
Grams = list[Counter[tuple[str, ...]]]  # of 1, 2, 3 and 4 units


def caption_scores(texts: Sequence[str], references: Sequence[Sequence[str]]) -> dict[str, float]:
    """CIDEr-D (0 … 10), ROUGE-L, BLEU and chrF (0 … 1) of captions, with all that people wrote of each.

    Raises ValueError for a text without a reference, or for none.
    """
    if not texts or not all(references):
        raise ValueError("captions are scored beside references: every text needs one")
    return {
        "cider_d": float(cider_d(texts, references).mean()),
        "rouge_l": float(rouge_l(texts, references).mean()),
        "bleu": bleu(texts, references),
        "chrf": chrf(texts, references),
    }


def cider_d(texts: Sequence[str], references: Sequence[Sequence[str]]) -> np.ndarray:
    """Of each text, 0 … 10: how alike its n-grams and those of its references are, the rarer ones counting more.

    An n-gram is rare if it stands in the references of few of the texts: a score holds for this set only. What is
    shorter than four units cannot reach 10, for it has no n-grams of four. float64 [N]
    """
    known = [[_grams(reference) for reference in some] for some in references]
    frequency = Counter(gram for some in known for gram in {gram for grams in some for one in grams for gram in one})
    weights = {gram: np.log(len(texts)) - np.log(count) for gram, count in frequency.items()}
    weight_of_new = float(np.log(len(texts)))

    def weighted(grams: Grams) -> list[dict[tuple[str, ...], float]]:
        return [{gram: count * weights.get(gram, weight_of_new) for gram, count in one.items()} for one in grams]

    scores = []
    for text, some in zip(texts, known, strict=True):
        ours = _grams(text)
        each = [_likeness(weighted(ours), weighted(theirs)) * _of_length(ours, theirs) for theirs in some]
        scores.append(10 * sum(each) / len(each))
    return np.array(scores)


def _grams(text: str) -> Grams:
    found = units(text)
    return [Counter(ngrams(found, order)) for order in range(1, _ORDER + 1)]


def _likeness(ours: list[dict[tuple[str, ...], float]], theirs: list[dict[tuple[str, ...], float]]) -> float:
    """Mean cosine over the orders, where nothing counts more than it does in the reference."""
    cosines = []
    for one, other in zip(ours, theirs, strict=True):
        shared = sum(min(one[gram], other[gram]) * other[gram] for gram in one.keys() & other.keys())
        norms = np.linalg.norm(list(one.values())) * np.linalg.norm(list(other.values()))
        cosines.append(float(shared / norms) if norms else 0.0)
    return sum(cosines) / len(cosines)


def _of_length(ours: Grams, theirs: Grams) -> float:
    difference = ours[0].total() - theirs[0].total()
    return exp(-(difference**2) / (2 * _SIGMA**2))


def rouge_l(texts: Sequence[str], references: Sequence[Sequence[str]]) -> np.ndarray:
    """Of each text, 0 … 1: the longest common subsequence with its references. float64 [N]"""
    return np.array(
        [_rouge_l(units(text), list(map(units, some))) for text, some in zip(texts, references, strict=True)]
    )


def _rouge_l(text: list[str], references: list[list[str]]) -> float:
    common = [_common(text, reference) for reference in references]
    precision = max(common) / max(len(text), 1)
    recall = max(length / max(len(reference), 1) for length, reference in zip(common, references, strict=True))
    if not precision or not recall:
        return 0.0
    return (1 + _BETA**2) * precision * recall / (recall + _BETA**2 * precision)


def _common(one: list[str], other: list[str]) -> int:
    """Length of the longest sequence that stands in both, with gaps."""
    lengths = [0] * (len(other) + 1)
    for unit in one:
        before = 0
        for place, against in enumerate(other, 1):
            above = lengths[place]
            lengths[place] = before + 1 if unit == against else max(above, lengths[place - 1])
            before = above
    return lengths[-1]
