"""How likely a system of one kind of content is to halve the time: of one duty, or over all the work of a job."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean

LEVEL_NAMES = ("unlikely", "uncertain", "likely")
_EVEN = 0.5  # likely, or no less than uncertain, at even odds


@dataclass(frozen=True)
class Levels:
    """Probabilities that a reader by the rubric says likely, uncertain or unlikely (of one duty), or the shares of
    tasks of which that is to be expected. level: the highest that is reached at even odds."""

    level: str
    likely: float
    uncertain: float
    unlikely: float

    @property
    def score(self) -> float:
        """From 0 to 1; uncertain counts half."""
        return self.likely + self.uncertain / 2


def levels(likely: float, uncertain: float) -> Levels:
    """From two of the three, each 0 … 1."""
    level = 2 if likely >= _EVEN else 1 if likely + uncertain >= _EVEN else 0
    return Levels(LEVEL_NAMES[level], likely, uncertain, max(1 - likely - uncertain, 0.0))


def mean_levels(each: Iterable[Levels]) -> Levels:
    """Of several duties or occupations that weigh the same. Raises StatisticsError for none."""
    found = list(each)
    return levels(fmean(one.likely for one in found), fmean(one.uncertain for one in found))
