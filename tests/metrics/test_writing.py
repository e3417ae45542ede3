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
    assert mark_error_rate(["", ""], ["a)" * 5, "a" * 90]) == 50
    assert mark_error_rate([], []) is None
    assert mark_error_rate(["，，"], [""]) is None


def test_a_text_is_read_on_from_its_beginning():
    assert mark_error_rate(["玄德曰：“"], ["请。”"]) == 0
    assert mark_error_rate(["玄德曰："], ["请。”"]) == pytest.approx(1000 / 3)
    assert mark_error_rate(["一，，二（"], ["三）"]) == 0  # the beginning's errors are not the text's
    assert mark_error_rate(["一，"], ["，二"]) == 500


@given(st.text(alphabet="ab，。(）.", max_size=20), st.text(alphabet="ab，。(）.", min_size=1, max_size=20))
def test_no_text_has_fewer_errors_than_none(beginning, text):
    assert mark_error_rate([beginning], [text]) >= 0


def test_real_prose_cut_anywhere_has_few_errors_after_its_beginning(shared_data):
    """Measured on 1,000 pieces of a novel full of quotes: 0.2 in 1,000 characters, without their beginnings 1.8."""
    path = shared_data / "text" / "chinese-novel" / "shuihuzhuan.txt"
    novel = path.read_text(encoding="utf-8")[100_000:400_000]
    places = range(0, len(novel) - 300, 997)
    beginnings, texts = [novel[i : i + 100] for i in places], [novel[i + 100 : i + 300] for i in places]
    assert mark_error_rate(beginnings, texts) < mark_error_rate([""] * len(texts), texts) / 3
