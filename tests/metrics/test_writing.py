"""Punctuation errors, case by case."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.metrics.writing import mark_error_rate, mark_errors


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ("He said (to me) “yes”.", 0),
        ("《诗经》云：“关关雎鸠（jū jiū）。”", 0),
        ("still open (here", 0),  # cut by the end of the text
        ("closed) too early", 1),
        ("(crossed] over)", 1),
        ("》《", 1),
        ("一，，二", 1),
        ("一，。二", 1),
        ("一。，二", 1),
        ("Wait... what?! 好。。。", 0),
        ("etc., and so on", 0),
        ("one,, two", 1),
        ("", 0),
    ],
)
def test_what_is_an_error(text, errors):
    assert mark_errors(text) == errors


@given(st.text(alphabet="ab ，。(（", max_size=30))
def test_closing_everything_in_order_adds_no_error(text):
    pairs = {"(": ")", "（": "）"}
    closing = "".join(pairs[mark] for mark in reversed(text) if mark in pairs)
    assert mark_errors(text + closing) == mark_errors(text)


def test_the_rate_is_per_thousand_characters_of_all_texts():
    assert mark_error_rate(["a)" * 5, "a" * 90]) == 50
    assert mark_error_rate([]) is None
    assert mark_error_rate([""]) is None
