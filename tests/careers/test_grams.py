"""Cosines of runs of characters, against scikit-learn's own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from zaohua.careers.finding.grams import GramIndex

WORDS = st.text(alphabet="abc 平面设计师", min_size=2, max_size=12).filter(str.strip)


@given(texts=st.lists(WORDS, min_size=2, max_size=8), question=WORDS, sizes=st.sampled_from([(1,), (1, 2), (2, 3)]))
def test_scores_are_the_cosines_of_scikit_learn(texts: list[str], question: str, sizes: tuple[int, ...]) -> None:
    peer = TfidfVectorizer(analyzer=lambda text: _runs(text, sizes), sublinear_tf=True)
    known = peer.fit_transform(texts)
    wanted = (peer.transform([question]) @ known.T).toarray()[0]
    found = GramIndex(texts, sizes).scores(question)
    # The peer leaves runs it has never seen out of the question's length; here they count, so only order is shared.
    scale = found.max() / wanted.max() if wanted.max() > 0 else 1.0
    np.testing.assert_allclose(found, wanted * scale, atol=1e-9)


def test_a_text_is_nearest_to_itself() -> None:
    texts = [" graphic designer ", " web designer ", " nurse "]
    index = GramIndex(texts, (3, 4))
    for place, text in enumerate(texts):
        assert index.scores(text)[place] == pytest.approx(1.0)
        assert index.scores(text).argmax() == place


def test_no_run_reaches_over_the_end_of_a_text() -> None:
    assert GramIndex(["ab", "cd"], (2,)).scores("bc").max() == 0


def _runs(text: str, sizes: tuple[int, ...]) -> list[str]:
    return [text[place : place + size] for size in sizes for place in range(len(text) - size + 1)]
