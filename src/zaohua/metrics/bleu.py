"""BLEU: how many of the n-grams of texts stand in their references (Papineni et al. 2002, doi:10.3115/1073083.1073135).

Words, and Chinese characters, without case and punctuation: see zaohua.metrics.units. The rest is as sacrebleu does it:
counts of the whole set, n-grams of up to four, exponential smoothing.
"""

from collections import Counter
from collections.abc import Sequence
from math import exp, log

from zaohua.metrics.units import ngrams, units

_ORDER = 4


def bleu(texts: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """BLEU-4 of a whole set, 0 … 1; 0 where no text has four units. references: one or several for each text."""
    hits, totals = [0] * _ORDER, [0] * _ORDER
    ours, theirs = 0, 0
    for text, some in zip(texts, references, strict=True):
        words, known = units(text), [units(reference) for reference in some]
        ours += len(words)
        theirs += min((abs(len(reference) - len(words)), len(reference)) for reference in known)[1]
        for order in range(1, _ORDER + 1):
            found, most = Counter(ngrams(words, order)), Counter[tuple[str, ...]]()
            for reference in known:
                most |= Counter(ngrams(reference, order))
            hits[order - 1] += (found & most).total()
            totals[order - 1] += found.total()
    if not hits[0] or not totals[-1]:
        return 0.0
    missed, logarithms = 1.0, 0.0
    for hit, total in zip(hits, totals, strict=True):
        if not hit:
            missed *= 2  # an order without a hit counts as half of one, the next as a quarter
        logarithms += log((hit or 1 / missed) / total)
    return min(1.0, exp(1 - theirs / ours)) * exp(logarithms / _ORDER)
