"""VQA accuracy: an answer is right if three people gave it (Antol et al. 2015, arXiv:1505.00468)."""

from collections import Counter
from collections.abc import Iterable, Sequence

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


def commonest(given: Iterable[Sequence[str]]) -> str:
    """The one answer to all these questions of the highest VQA accuracy, as it was first written, and the first of
    those of equal accuracy. given: as above, one question at least."""
    worth: dict[tuple[str, ...], float] = {}
    written: dict[tuple[str, ...], str] = {}
    for people in given:
        plain = list(map(_plain, people))
        for answer, agree in Counter(plain).items():
            worth[answer] = worth.get(answer, 0.0) + _worth(agree, len(people))
            written.setdefault(answer, people[plain.index(answer)])
    return written[max(worth, key=worth.__getitem__)]


def _accuracy(answer: str, people: Sequence[str]) -> float:
    plain = _plain(answer)
    return _worth(sum(_plain(one) == plain for one in people), len(people))


def _worth(agree: int, people: int) -> float:
    """Of an answer that so many of the people gave."""
    enough = min(_ENOUGH, people - 1)
    if not enough:
        return float(agree)
    return (agree * min((agree - 1) / enough, 1.0) + (people - agree) * min(agree / enough, 1.0)) / people


def _plain(answer: str) -> tuple[str, ...]:
    return tuple(_NUMBERS.get(word, word) for word in units(answer) if word not in _ARTICLES)
