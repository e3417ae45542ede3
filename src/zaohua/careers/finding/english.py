"""English titles: 57,000 names of O*NET and BLS, looked up as they stand, else by their runs of letters."""

from collections import Counter
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import cache

import numpy as np

from zaohua.careers import store
from zaohua.careers.finding import text
from zaohua.careers.finding.grams import GramIndex

_SIZES = (
    3,
    4,
)  # with runs of 2 as well, top-1 on unseen synonyms is .801 instead of .797, and the index takes twice as long
# Two errors in a short title leave few whole runs: below this cosine the spelling of the nearest titles is compared
# letter by letter. Always comparing it would find 1 of 100 more misspelt titles, and 4 of 100 fewer synonyms.
_DOUBTFUL, _SPELLED, _MISSPELT = 0.6, 60, 0.8
_OFFICIAL_BONUS = 0.03  # an official title comes before an alternate one that is as near
_OFFICIAL = {"b": 2, "o": 1}  # a title of BLS, then one of O*NET itself, decides where others share it


class EnglishTitles:
    """(code, title, source) rows, ready to be searched."""

    def __init__(self, rows: Iterable[tuple[str, str, str]]) -> None:
        self._exact: dict[str, dict[str, int]] = {}
        for code, title, source in rows:
            codes = self._exact.setdefault(text.english(title), {})
            codes[code] = max(codes.get(code, 0), _OFFICIAL.get(source, 0))
        self._exact.pop("", None)
        pairs = [(title, *one) for title, known in self._exact.items() for one in known.items()]
        self._names = [title for title, _, _ in pairs]
        self._bonus = np.array([_OFFICIAL_BONUS if official else 0.0 for _, _, official in pairs])
        self.codes = sorted({code for _, code, _ in pairs})
        self._place = np.searchsorted(self.codes, [code for _, code, _ in pairs])
        self._index: GramIndex | None = None

    def exact(self, title: str) -> list[str]:
        """Codes that have exactly this title; only those of which it is the most official one."""
        found = self._exact.get(text.english(title), {})
        return [code for code, weight in found.items() if weight == max(found.values())]

    def rank(self, title: str, count: int = 10) -> list[tuple[str, float]]:
        """The `count` nearest occupations with the cosine of the nearest of their titles, best first."""
        if self._index is None:
            self._index = GramIndex([f" {name} " for name in self._names], _SIZES)
        asked = text.english(title)
        scores = self._index.scores(f" {asked} ")
        near = np.argsort(-scores, kind="stable")[:_SPELLED] if scores.max() < _DOUBTFUL else ()
        for place in (*near, *self._of_the_same_letters(asked)):
            alike = SequenceMatcher(None, asked, self._names[place]).ratio()
            if alike >= _MISSPELT:
                scores[place] = max(scores[place], alike)
        best = np.zeros(len(self.codes))
        np.maximum.at(best, self._place, np.where(scores > 0, np.minimum(1.0, scores + self._bonus), 0.0))
        order = np.argsort(-best, kind="stable")[:count]
        return [(self.codes[place], float(best[place])) for place in order]

    def _of_the_same_letters(self, asked: str) -> Iterable[int]:
        """Places of titles whose letters are the question's, but for one: its runs may all be torn, as in "shpi
        engineers", where sixty titles of engineers are nearer by theirs."""
        letters = Counter(asked)
        for place, name in enumerate(self._names):
            if abs(len(name) - len(asked)) <= 1 and name[0] == asked[:1]:
                known = Counter(name)
                if max((letters - known).total(), (known - letters).total()) <= 1:
                    yield place


@cache
def english_titles() -> EnglishTitles:
    """All titles that are shipped."""
    return EnglishTitles((row["code"], row["title"], row["source"]) for row in store.rows("titles"))
