"""Error rates beside jiwer's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.metrics.errors import character_error_rate, edits, word_error_rate
from zaohua.metrics.units import units

TEXT = st.lists(st.sampled_from(["one", "two", "three", "ten", "三"]), min_size=1, max_size=6).map(" ".join)
ROWS = st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=4)


@given(ROWS)
def test_rates_are_jiwer_s(rows):
    jiwer = pytest.importorskip("jiwer")
    texts, references = [list(column) for column in zip(*rows, strict=True)]
    assert word_error_rate(texts, references) == pytest.approx(jiwer.wer(references, texts))
    joined = ["".join(units(text)) for text in texts], ["".join(units(text)) for text in references]
    assert character_error_rate(texts, references) == pytest.approx(jiwer.cer(*joined[::-1]))


@given(st.text("ab", max_size=5), st.text("ab", max_size=5), st.text("ab", max_size=5))
def test_edits_are_a_distance(one, other, third):
    assert edits(one, other) == edits(other, one)
    assert (edits(one, other) == 0) == (one == other)
    assert edits(one, third) <= edits(one, other) + edits(other, third)
    assert abs(len(one) - len(other)) <= edits(one, other) <= max(len(one), len(other))


def test_nothing_said_is_all_wrong_and_case_does_not_count():
    assert word_error_rate(["", "Two!"], ["one", "two"]) == 0.5
    assert character_error_rate(["请 坐。"], ["请坐"]) == 0
    with pytest.raises(ValueError, match="words"):
        word_error_rate(["one"], ["!"])
