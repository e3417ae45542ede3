"""Everything together, on a small corpus and a decoder that writes nonsense."""

import json

import pytest

from zaohua.data.config import TextDataConfig
from zaohua.errors import UsageError
from zaohua.language.corpus import prepare
from zaohua.language.measuring import quality
from zaohua.language.measuring.judge import judged_bits
from zaohua.language.measuring.quality import Measuring, measure
from zaohua.language.model import LanguageModel
from zaohua.language.tokenizer import TokenizerConfig

STORY = "Tom saw a purple dragon near the river. The dragon liked Tom, and Tom liked the river."
FEW = Measuring(samples=3, max_new_tokens=20)


@pytest.fixture
def corpus(tmp_path):
    """corpus(text): a prepared corpus of it, by characters."""

    def make(text):
        (tmp_path / "text.txt").write_text(text, encoding="utf-8")
        config = TextDataConfig(source=f"file:{tmp_path / 'text.txt'}", normalise="none", near_dedup=False)
        return prepare(config, TokenizerConfig(kind="char"), seed=1, context=32, cache=tmp_path / "cache")

    return make


@pytest.fixture
def english(corpus):
    return corpus(" ".join(f"{STORY} And {number} more came." for number in range(40)))


@pytest.fixture
def model(make_decoder):
    """model(corpus): a decoder with the corpus' vocabulary."""
    return lambda made: LanguageModel(make_decoder(vocab_size=made.tokenizer.vocab_size, context=32), made.tokenizer)


def test_every_measure_stands_beside_real_text_and_a_floor(english, model):
    stages = []
    found = measure(model(english), english, FEW, lambda *stage: stages.append(stage))
    assert found == json.loads(json.dumps(found))
    assert (found["samples"], found["max_new_tokens"]) == (3, 20)
    rows = found["rows"]
    assert {"distinct_2", "repetition_4", "self_bleu", "punctuation_errors", "chose_right"} <= rows.keys()
    assert all(row.keys() == {"model", "held_out", "floor"} for row in rows.values())
    assert rows["chose_right"]["held_out"] is None
    assert {stage for stage, _, _ in stages} == {"write", "choose"}
    assert all(0 <= done <= total for _, done, total in stages)


def test_the_same_seed_gives_the_same_numbers(english, model):
    assert measure(model(english), english, FEW) == measure(model(english), english, FEW)


def test_real_text_is_measured_as_what_follows_the_same_beginnings(english, model, monkeypatch):
    seen = []
    monkeypatch.setattr(quality, "_simple", lambda texts: seen.append(list(texts)) or {})
    measure(model(english), english, Measuring(samples=3, max_new_tokens=10))
    whole = english.tokenizer.decode(english.validation.read(0, english.validation.num_tokens).tolist())
    written, real, disorder = seen
    assert all(text in whole and len(text) == 10 for text in real)
    assert [sorted(text) for text in disorder] == [sorted(text) for text in real]
    assert not set(written) & set(real)


def test_the_judge_reads_all_three(english, model, make_decoder, tokenizer):
    judge = LanguageModel(make_decoder(seed=5), tokenizer)
    row = measure(model(english), english, Measuring(samples=2, max_new_tokens=6, judge=judge))["rows"]
    assert all(value > 0 for value in row["judge_bits_per_byte"].values())


def test_the_judge_s_word_is_bits_per_byte_of_each_text_by_itself(make_decoder, tokenizer):
    judge = LanguageModel(make_decoder(), tokenizer)
    one, two = judge.score("a hill")["bits_per_byte"], judge.score("从前有一座山")["bits_per_byte"]
    assert judged_bits(judge, ["a hill", "从前有一座山", ""]) == pytest.approx((6 * one + 18 * two) / 24, rel=1e-5)
    assert judged_bits(judge, []) is None
    assert judged_bits(judge, [""]) is None


def test_the_form_is_that_of_whole_texts(corpus, model):
    poems = corpus("白日依山尽，黄河入海流。欲穷千里目，更上一层楼。\n" * 40)
    found = measure(model(poems), poems, Measuring(samples=4, max_new_tokens=30, form="verse-zh"))
    rows = found["rows"]
    assert rows["verse_regular"]["model"] == 0.0
    assert rows["verse_regular"]["floor"] == rows["verse_regular"]["held_out"] > 0  # disorder has the lines of the poem
    assert rows["verse_tones"]["floor"] < rows["verse_tones"]["held_out"] == 1.0
    assert not {"spelling_errors", "grammar_errors"} & found["rows"].keys()  # nobody checks English grammar here
    assert found["notes"] == []


def test_copies_are_found_in_texts_long_enough_for_a_window(corpus, model):
    """Of a sentence repeated all over, the held-out part stands in the training text; nonsense does not."""
    novel, stages = corpus("却说玄德引兵而来，见了卢植，入帐施礼。" * 60), []
    settings = Measuring(samples=2, max_new_tokens=24)
    rows = measure(model(novel), novel, settings, lambda stage, *_: stages.append(stage))["rows"]
    assert rows["copied_exactly"]["held_out"] == 1.0
    assert not rows["copied_nearly"]["model"]
    assert rows["longest_copy"]["held_out"] >= 20
    assert "copies" in stages


def test_marks_are_read_on_from_the_beginning(corpus, model):
    """Pieces of 8 characters and 24 after them, of quotes that are longer: many a text closes what it did not open."""
    quotes = corpus("玄德曰：“吾乃中山靖王之后。今日得见诸公，三生有幸矣。”众人皆曰：“愿从将军。”" * 60)
    rows = measure(model(quotes), quotes, Measuring(samples=1, max_new_tokens=24))["rows"]
    assert rows["punctuation_errors"]["held_out"] == 0


def test_who_looked_for_copies_in_a_part_says_so(english, model, monkeypatch):
    monkeypatch.setattr(quality, "_SOURCE_TOKENS", 100)
    assert "100" in measure(model(english), english, FEW)["notes"][-1]


def test_a_judge_of_chinese_is_taken_with_a_grain_of_salt(corpus, model, make_decoder, tokenizer):
    novel = corpus("却说玄德引兵而来，见了卢植，入帐施礼。" * 60)
    settings = Measuring(samples=2, max_new_tokens=6, judge=LanguageModel(make_decoder(), tokenizer))
    assert len(measure(model(novel), novel, settings)["notes"]) == 1


def test_a_judge_that_cannot_read_it_is_no_judge(english, corpus, model):
    """A judge by characters of Chinese, who reads every English letter as unknown."""
    novel = corpus("却说玄德引兵而来，见了卢植，入帐施礼。" * 60)
    found = measure(model(english), english, Measuring(samples=2, max_new_tokens=6, judge=model(novel)))
    assert any("100.0%" in note for note in found["notes"])


def test_without_harper_the_reader_is_told(english, model, monkeypatch):
    monkeypatch.setattr(quality, "find_spec", lambda name: None)
    found = measure(model(english), english, FEW)
    assert "zaohua[grammar]" in found["notes"][0]
    assert "grammar_errors" not in found["rows"]


def test_a_held_out_text_too_short_for_anything_still_gives_an_answer(corpus, model):
    tiny = corpus("abcdefgh" * 4)
    found = measure(model(tiny), tiny, FEW)
    assert found["samples"] <= 3
    assert isinstance(found["rows"], dict)


def test_without_beginnings_the_reader_is_told(english, model, monkeypatch):
    monkeypatch.setattr(quality, "held_out", lambda *_: [])
    found = measure(model(english), english, FEW)
    assert (found["samples"], found["rows"]) == (0, {"longest_copy": found["rows"]["longest_copy"]})
    assert len(found["notes"]) == 1


def test_an_unknown_form_is_refused_before_anything_is_written(english, model):
    with pytest.raises(UsageError, match="limerick"):
        measure(model(english), english, Measuring(form="limerick"))
