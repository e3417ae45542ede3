"""Numbers of a sequence that grows, kept up instead of counted again at every value."""

import math
from bisect import bisect_left, insort
from collections.abc import Sequence


class Extremes:
    """The newest value and the one before it; the least and the most of all; the least of all before the newest."""

    def __init__(self) -> None:
        self.count = 0
        self.newest = self.before = math.nan
        self.least = self.least_before = math.inf
        self.most = -math.inf

    def add(self, value: float) -> None:
        """One more; no NaN."""
        self.count += 1
        self.before, self.newest = self.newest, value
        self.least_before, self.least = self.least, min(self.least, value)
        self.most = max(self.most, value)


class SlidingMedian:
    """Median of a part of a sequence that grows, found quickly where the next part that is asked for differs little."""

    def __init__(self, values: Sequence[float]) -> None:
        self.values = values
        self._start = self._stop = 0
        self._sorted: list[float] = []

    def of(self, start: int, stop: int) -> float:
        """Median of values[start:stop], which must hold one at least."""
        grown = [*range(start, self._start), *range(self._stop, stop)]
        for place in grown:
            insort(self._sorted, self.values[place])
        start_from, stop_at = min(start, self._start), max(stop, self._stop)
        for place in (*range(start_from, start), *range(stop, stop_at)):
            del self._sorted[bisect_left(self._sorted, self.values[place])]
        self._start, self._stop = start, stop
        half = len(self._sorted) // 2
        return self._sorted[half] if len(self._sorted) % 2 else (self._sorted[half - 1] + self._sorted[half]) / 2
