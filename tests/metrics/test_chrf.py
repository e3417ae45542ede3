"""chrF beside sacrebleu's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.metrics.chrf import chrf

sacrebleu = pytest.importorskip("sacrebleu")
TEXTS = st.text("abc 你好。", max_size=12)
ROWS = st.lists(st.tuples(TEXTS, st.lists(TEXTS, min_size=2, max_size=2)), min_size=1, max_size=4)


@given(ROWS)
def test_score_is_sacrebleu_s(rows):
    texts, references = [list(column) for column in zip(*rows, strict=True)]
    expected = sacrebleu.corpus_chrf(texts, [list(column) for column in zip(*references, strict=True)]).score
    assert chrf(texts, references) == pytest.approx(expected / 100, abs=1e-9)


def test_a_text_needs_a_reference():
    with pytest.raises(ValueError, match="reference"):
        chrf(["a"], [[]])
