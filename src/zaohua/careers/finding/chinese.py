"""Chinese titles: our own names of the occupations, then the classification of 2022 and postings coded to it."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from zaohua.careers import store
from zaohua.careers.finding import text
from zaohua.careers.finding.aliases import chinese_aliases
from zaohua.careers.finding.grams import GramIndex

# Chosen on postings held out by fifths, equal titles together: 10 to 40 neighbours and powers 1 to 3 differ by .01.
_NEIGHBOURS, _POWER = 20, 2
_NAME_SIZES, _POSTING_SIZES = (1, 2, 3), (1, 2, 3, 4)


class ChineseTitles:
    """Entries of the classification, and postings coded to them: (title, code)."""

    def __init__(self, names: Sequence[tuple[str, str]], postings: Sequence[tuple[str, str]]) -> None:
        self.codes = [code for code, _ in names]
        place = {code: number for number, code in enumerate(self.codes)}
        self._names = GramIndex([_framed(name) for _, name in names], _NAME_SIZES)
        self._posted = np.array([place[code] for _, code in postings], dtype=np.int64)
        self._postings = GramIndex([_framed(title) for title, _ in postings], _POSTING_SIZES) if len(postings) else None

    def rank(self, title: str, count: int = 10) -> list[tuple[str, float]]:
        """The `count` likeliest entries: the votes of the nearest postings (they sum to 1) + the cosine of the name."""
        question = _framed(title)
        score = self._names.scores(question)
        if self._postings is not None:
            near = self._postings.scores(question)
            best = np.argsort(-near, kind="stable")[:_NEIGHBOURS]
            votes = near[best] ** _POWER
            if votes.sum() > 0:
                score += np.bincount(self._posted[best], votes / votes.sum(), minlength=len(self.codes))
        order = np.argsort(-score, kind="stable")[:count]
        return [(self.codes[place], float(score[place])) for place in order]


@cache
def chinese_titles() -> ChineseTitles:
    """All that is shipped."""
    return ChineseTitles(
        [(row["code"], row["name"]) for row in store.rows("csco")],
        [(row["title"], row["code"]) for row in store.rows("postings")],
    )


def own_name(title: str) -> str | None:
    """The code that our own list gives for `title` as it stands or without rank; None if it is not there."""
    plain, aliases = text.chinese(title), _plain_aliases()
    return chinese_aliases().get(title) or aliases.get(plain) or aliases.get(text.without_rank(plain))


def name_within(title: str) -> tuple[str, str] | None:
    """(name, code) of the longest of our names at the end of `title`, where Chinese puts the head, else inside it."""
    plain, aliases = text.chinese(title), _plain_aliases()
    inside = [name for name in aliases if len(name) > 1 and name in plain]
    if not inside:
        return None
    name = max(inside, key=lambda each: (plain.endswith(each), len(each)))
    return name, aliases[name]


@cache
def _plain_aliases() -> dict[str, str]:
    ordered = sorted(chinese_aliases().items(), key=lambda pair: "（" not in pair[0])  # the plain name decides
    return {text.chinese(name): code for name, code in ordered}


def _framed(title: str) -> str:
    return f" {text.chinese(title)} "
