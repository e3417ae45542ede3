"""How much of a transcript is wrong: word and character error rates, by Levenshtein's distance.

Words, and Chinese by characters, without case and punctuation: see zaohua.metrics.units.
"""

from collections.abc import Sequence

import numpy as np

from zaohua.metrics.units import units


def word_error_rate(texts: Sequence[str], references: Sequence[str]) -> float:
    """Words put in, left out and changed, as a share of the words of the references, all together; above 1 where much
    is put in. Raises ValueError if the references have no words."""
    return _rate([units(text) for text in texts], [units(text) for text in references])


def character_error_rate(texts: Sequence[str], references: Sequence[str]) -> float:
    """The same of characters, without blank space."""
    return _rate(["".join(units(text)) for text in texts], ["".join(units(text)) for text in references])


def _rate(texts: Sequence[Sequence[str]], references: Sequence[Sequence[str]]) -> float:
    total = sum(map(len, references))
    if not total:
        raise ValueError("an error rate needs references with words")
    return sum(edits(text, reference) for text, reference in zip(texts, references, strict=True)) / total


def edits(one: Sequence[str], other: Sequence[str]) -> int:
    """The fewest items that must be put in, left out or changed to make one sequence the other."""
    costs = np.arange(len(other) + 1)
    for number, item in enumerate(one, 1):
        changed = costs[:-1] + np.array([item != against for against in other], dtype=np.int64)
        best = np.concatenate(([number], np.minimum(changed, costs[1:] + 1)))
        costs = np.minimum.accumulate(best - np.arange(len(best))) + np.arange(len(best))  # items put in, one by one
    return int(costs[-1])
