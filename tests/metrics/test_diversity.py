"""Diversity against its definitions in plain loops, and BLEU against sacrebleu's."""

import pytest
import sacrebleu
from hypothesis import given
from hypothesis import strategies as st

from zaohua.metrics.diversity import distinct, repetition, self_bleu

WORDS = st.lists(st.sampled_from(["a", "b", "c", "山", "水"]), min_size=1, max_size=12).map(" ".join)


def runs(text, n):
    words = text.split()
    return [" ".join(words[i : i + n]) for i in range(len(words) - n + 1)]


@given(st.lists(WORDS, max_size=4), st.integers(1, 4))
def test_distinct_and_repetition_as_defined(texts, n):
    every = [gram for text in texts for gram in runs(text, n)]
    again = sum(gram in runs(text, n)[:i] for text in texts for i, gram in enumerate(runs(text, n)))
    assert distinct(texts, n) == (len(set(every)) / len(every) if every else None)
    assert repetition(texts, n) == (again / len(every) if every else None)


@given(st.lists(WORDS, min_size=2, max_size=5))
def test_self_bleu_is_sacrebleu_s_with_all_others_as_references(texts):
    scores = [
        sacrebleu.sentence_bleu(
            text,
            texts[:i] + texts[i + 1 :],
            tokenize="none",
            smooth_method="floor",
            smooth_value=0.1,
            use_effective_order=True,
        ).score
        for i, text in enumerate(texts)
    ]
    assert self_bleu(texts) == pytest.approx(sum(scores) / len(scores) / 100, abs=1e-9)


def test_the_ends_of_the_scale():
    same, different = ["one two three four five"] * 3, ["a b c d e", "f g h i j", "k l m n o"]
    assert self_bleu(same) == pytest.approx(1)
    assert self_bleu(different) == 0
    assert (distinct(different, 2), distinct(same, 2)) == (1.0, pytest.approx(1 / 3))
    assert repetition(["la " * 100], 4) == pytest.approx(96 / 97)
    assert repetition(["春眠不觉晓"], 2) == 0


def test_chinese_counts_by_characters():
    assert distinct(["春眠，春眠！"], 1) == 0.5
    assert repetition(["春眠不觉春眠不觉"], 4) == pytest.approx(1 / 5)


@pytest.mark.parametrize("texts", [[], [""], ["。"]])
def test_nothing_to_measure(texts):
    assert distinct(texts, 1) is None
    assert repetition(texts) is None
    assert self_bleu(texts) is None
    assert self_bleu([*texts, "one text"]) is None


def test_a_text_of_one_word_has_a_score():
    assert 0 < self_bleu(["a", "a b c d"]) < 1
