"""Languages and words of captions."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.data.captioned.captions import add, merged, of_class, sorted_captions, tidy, words


def test_each_caption_goes_to_its_language_and_third_ones_are_counted():
    others = Counter()
    texts = ["A red  owl. ", "红色的猫头鹰", "赤いフクロウです", "Сова", "A red owl.", "7", ""]
    assert sorted_captions(texts, others) == {"en": ["A red owl.", "7"], "zh": ["红色的猫头鹰"]}
    assert others == {"ja": 1, "ru": 1}


def test_short_captions_in_latin_letters_are_not_taken_for_german():
    assert sorted_captions(["die cast car"], Counter()) == {"en": ["die cast car"]}


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("The cat's Hat, 12!", "en", ["the", "cat's", "hat", "12"]),
        ("三只猫，OK", "zh", ["三", "只", "猫", "o", "k"]),
        ("snake_case", "en", ["snake", "case"]),
    ],
)
def test_words(text, language, found):
    assert words(text, language) == found


def test_classes_are_named_and_digits_in_words():
    assert of_class("7") == {"en": ["seven", "7"], "zh": ["七", "7"]}
    assert of_class("tabby_cat") == {"en": ["tabby cat"]}
    assert of_class("猫") == {"zh": ["猫"]}
    assert of_class("10") == {"en": ["10"]}


CAPTIONS = st.dictionaries(st.sampled_from(["en", "zh"]), st.lists(st.text("ab ", min_size=1), max_size=3))


@given(CAPTIONS, CAPTIONS)
def test_merging_keeps_every_text_once_and_the_first_first(first, second):
    one, two = {}, {}
    for target, source in ((one, first), (two, second)):
        for language, texts in source.items():
            add(target, language, texts)
    both = merged(one, two)
    for language in ("en", "zh"):
        texts = both.get(language, [])
        assert set(texts) == {tidy(text) for part in (first, second) for text in part.get(language, [])} - {""}
        assert len(set(texts)) == len(texts)
        if language in one:
            assert texts[0] == one[language][0]
            assert texts
