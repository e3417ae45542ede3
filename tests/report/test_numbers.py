"""Numbers for people."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.i18n import using
from zaohua.report.numbers import MISSING, decimal, duration, number, percent, scaled, size, whole


@pytest.mark.parametrize("value", [None, "7", math.nan, math.inf, True, [], {}])
def test_what_is_no_number_is_shown_as_missing(value):
    assert number(value) is None
    assert {decimal(value), whole(value), percent(value), scaled(value), size(value), duration(value)} == {MISSING}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (7, "7"),
        (999, "999"),
        (999.6, "1.00 K"),
        (12_345, "12.3 K"),
        (3_212_000, "3.21 M"),
        (4.5e13, "45.0 T"),
    ],
)
def test_three_figures_and_a_unit(value, shown):
    assert scaled(value) == shown


@given(st.floats(min_value=0, max_value=1e20))
def test_scaling_keeps_the_value(value):
    figures, _, unit = scaled(value).partition(" ")
    shown = float(figures.replace(",", "")) * 1000 ** ("", "K", "M", "G", "T", "P", "E").index(unit)
    assert shown == pytest.approx(value, rel=0.006, abs=0.006)


def test_bytes_are_named():
    assert (size(12), size(6_120_442)) == ("12 B", "6.12 MB")


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (9.21, "9.2 s", "9.2 秒"),
        (59.4, "59 s", "59 秒"),
        (59.9, "1 min 0 s", "1 分 0 秒"),
        (163, "2 min 43 s", "2 分 43 秒"),
        (7_385, "2 h 3 min", "2 小时 3 分"),
    ],
)
def test_durations(seconds, english, chinese):
    with using("en"):
        assert duration(seconds) == english
    with using("zh"):
        assert duration(seconds) == chinese


def test_whole_and_percent():
    assert (whole(1_234_567.4), percent(0.1254), percent(0.5, 0)) == ("1,234,567", "12.5%", "50%")
