"""What is kept up equals what is counted again."""

from statistics import median

from hypothesis import given
from hypothesis import strategies as st

from zaohua.metrics.running import Extremes, SlidingMedian

NUMBERS = st.lists(
    st.one_of(st.integers(-3, 3).map(float), st.floats(allow_nan=False, allow_infinity=False)), min_size=1
)


@given(NUMBERS, st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1))))
def test_a_sliding_median_is_the_median_wherever_the_window_goes(values, windows):
    sliding = SlidingMedian(values)
    for one, other in windows:
        start, stop = sorted((int(one * (len(values) - 1)), int(other * (len(values) - 1))))
        assert sliding.of(start, stop + 1) == median(values[start : stop + 1])


@given(NUMBERS)
def test_extremes_are_those_of_all_that_came(values):
    found = Extremes()
    for count, value in enumerate(values, 1):
        found.add(value)
        seen = values[:count]
        assert (found.count, found.newest, found.least, found.most) == (count, value, min(seen), max(seen))
        if count > 1:
            assert (found.before, found.least_before) == (seen[-2], min(seen[:-1]))
