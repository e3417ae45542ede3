"""Words of the beginning that come again."""

import pytest

from zaohua.metrics.carry_over import carry_over, content


def test_content_is_long_words_and_pairs_of_chinese_characters():
    assert content("The little dragon, a Dragon!") == ["little", "dragon", "dragon"]
    assert content("玄德引兵 at dawn") == ["玄德", "德引", "引兵"]
    assert content("a, I.") == []


def test_the_share_is_over_all_texts_together():
    beginnings = ["the little dragon", "a purple castle"]
    texts = ["dragon dragon window", "yellow flower"]
    assert carry_over(beginnings, texts) == pytest.approx(2 / 5)
    assert carry_over(["玄德"], ["玄德曰"]) == pytest.approx(1 / 2)
    assert carry_over(["", "玄德"], ["yellow flower", "玄德曰"]) == pytest.approx(1 / 2)
    assert carry_over([""], ["yellow flower"]) is None
    assert carry_over(["yellow flower"], ["a of"]) is None
    assert carry_over([], []) is None


def test_a_text_after_its_own_beginning_carries_more_over_than_after_another_s(shared_data):
    stories = (shared_data / "text" / "tinystories" / "tinystories_sample.txt").read_text(encoding="utf-8")
    parts = [story.split() for story in stories.split("Once upon a time")[1:101]]
    beginnings = [" ".join(words[:40]) for words in parts]
    rest = [" ".join(words[40:120]) for words in parts]
    own, other = carry_over(beginnings, rest), carry_over(beginnings[1:] + beginnings[:1], rest)
    assert own > 1.5 * other > 0
