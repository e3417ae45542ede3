"""VQA accuracy: an answer is right if three people gave it (Antol et al. 2015, arXiv:1505.00468)."""

from collections.abc import Sequence

import numpy as np

from zaohua.metrics.units import units

_ENOUGH = 3  # people who agree
_ARTICLES = frozenset(("a", "an", "the"))
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NUMBERS = {name: str(number) for number, name in enumerate(_DIGITS)}


def vqa_accuracy(answers: Sequence[str], given: Sequence[Sequence[str]]) -> float:
    """Mean over the questions of min(n / 3, 1), n being the people who gave that answer, itself the mean over all ways
    to leave one person out. Where there are fewer than four people, all the others must agree, and where there is one,
    that one.

    given: what people answered, one or more for each question. Case, punctuation and articles do not count, and one is
    as good as 1. Raises ValueError for a question without an answer.
    """
    if not all(given):
        raise ValueError("VQA accuracy needs what people answered to every question")
    return float(np.mean([_accuracy(answer, people) for answer, people in zip(answers, given, strict=True)]))


def _accuracy(answer: str, people: Sequence[str]) -> float:
    plain = _plain(answer)
    agree = [_plain(one) == plain for one in people]
    enough = min(_ENOUGH, len(people) - 1)
    if not enough:
        return float(agree[0])
    return float(np.mean([min((sum(agree) - own) / enough, 1.0) for own in agree]))


def _plain(answer: str) -> tuple[str, ...]:
    return tuple(_NUMBERS.get(word, word) for word in units(answer) if word not in _ARTICLES)
