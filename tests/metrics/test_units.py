"""Units, n-grams and scripts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.metrics.units import ngrams, script, units


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The cat's hat, 12 dogs!", ["the", "cat's", "hat", "12", "dogs"]),
        ("却说玄德，引兵。", ["却", "说", "玄", "德", "引", "兵"]),
        ("用Python写3行", ["用", "python", "写", "3", "行"]),
        ("ｆｕｌｌ ｗｉｄｔｈ", ["full", "width"]),
        ("snake_case ‘quoted’ l’été", ["snake", "case", "quoted", "l’été"]),
        ("𠀀𠀁 ไทย", ["𠀀", "𠀁", "ไ", "ท", "ย"]),
        (" …！\n", []),
    ],
)
def test_words_and_single_characters(text, found):
    assert units(text) == found


@given(st.text(), st.text())
def test_blank_space_and_punctuation_separate_and_do_not_count(left, right):
    assert units(left + " … " + right) == units(left) + units(right)


@given(st.lists(st.sampled_from("abc"), max_size=8), st.integers(1, 5))
def test_ngrams_are_every_run(items, n):
    assert ngrams(items, n) == [tuple(items[i : i + n]) for i in range(len(items) - n + 1)]


@pytest.mark.parametrize(
    ("texts", "name"),
    [(["春眠不觉晓", "OK"], "han"), (["Spring sleep", "春"], "latin"), (["Привет мир"], "other"), ([], "other")],
)
def test_the_script_of_most_units(texts, name):
    assert script(texts) == name
