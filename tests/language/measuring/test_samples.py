"""Beginnings, real continuations, and disorder."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.data.shards import ShardWriter
from zaohua.language.measuring.samples import held_out, shuffled, write
from zaohua.language.model import LanguageModel
from zaohua.language.sampling import SamplingConfig

EOT = 0


@pytest.fixture
def stream(tmp_path):
    """stream([3, 5]): shards of documents of 3 and 5 tokens, counted up from 1."""

    def make(lengths):
        writer = ShardWriter(tmp_path / "-".join(map(str, lengths)), 1000, EOT)
        first = 1
        for length in lengths:
            writer.append(np.arange(first, first + length), length)
            first += length
        return writer.close()

    return make


def test_pieces_begin_with_documents_where_there_are_enough(stream):
    found = held_out(stream([6, 20, 20, 4]), EOT, 4, beginning=4, rest=8)
    assert [piece.beginning for piece in found] == [[1, 2, 3], [7, 8, 9, 10], [27, 28, 29, 30], [47, 48]]
    assert [piece.rest for piece in found] == [
        [4, 5, 6],  # half of a short document is its beginning
        list(range(11, 19)),
        list(range(31, 39)),
        [49, 50],
    ]
    assert [piece.ended for piece in found] == [True, False, False, True]


def test_pieces_of_one_long_document_lie_all_over_it(stream):
    found = held_out(stream([100]), EOT, 5, beginning=4, rest=6)
    assert [piece.beginning[0] for piece in found] == [1, 24, 47, 69, 92]
    assert [(len(piece.beginning), len(piece.rest)) for piece in found] == [(4, 6)] * 4 + [(4, 5)]  # it ends there


def test_whole_documents_from_nothing(stream):
    found = held_out(stream([6, 20]), EOT, 2, beginning=0, rest=8)
    assert [(piece.beginning, len(piece.rest), piece.ended) for piece in found] == [([], 6, True), ([], 8, False)]


@pytest.mark.parametrize("lengths", [[], [1], [1, 1, 1]])
def test_a_stream_with_nothing_to_go_on_with_gives_nothing(stream, lengths):
    assert held_out(stream(lengths), EOT, 3, beginning=4, rest=8) == []


def test_the_model_goes_on_from_the_same_beginnings(stream, tokenizer, make_decoder, tmp_path):
    writer = ShardWriter(tmp_path / "text", tokenizer.vocab_size, tokenizer.eot_id)
    for text in ("从前有一座山，山上有一座庙。", "Once upon a time there was a hill."):
        writer.append(np.array(tokenizer.encode(text)), len(text.encode()))
    pieces = held_out(writer.close(), tokenizer.eot_id, 2, beginning=8, rest=20)
    model, seen = LanguageModel(make_decoder(), tokenizer), []
    settings = {"max_new_tokens": 6, "sampling": SamplingConfig(temperature=0.8, top_p=0.9), "seed": 3}
    samples = write(model, pieces, on_progress=seen.append, **settings)
    assert seen == list(range(1, len(seen) + 1))
    assert "\ufffd" not in samples[0].beginning + samples[0].real
    assert samples[0].beginning
    assert "从前有一座山".startswith(samples[0].beginning)
    assert (
        samples[1].beginning + samples[1].real
        == "Once upon a time there was a hill."[: len(samples[1].beginning + samples[1].real)]
    )
    again = write(model, pieces, **settings)
    assert again == samples
    alone = model.generate(samples[1].beginning, n=2, max_new_tokens=6, temperature=0.8, top_p=0.9, seed=3)
    assert samples[1].written == alone[1].text


def test_writing_from_nothing(stream, tokenizer, make_decoder):
    pieces = held_out(stream([6, 20, 9]), EOT, 3, beginning=0, rest=8)
    model = LanguageModel(make_decoder(), tokenizer)
    samples = write(model, pieces, max_new_tokens=5, sampling=SamplingConfig(temperature=1.0), seed=2)
    alone = model.generate("", n=3, max_new_tokens=5, temperature=1.0, seed=2)
    assert [each.written for each in samples] == [each.text for each in alone]
    assert write(model, [], max_new_tokens=5, sampling=SamplingConfig(temperature=1.0), seed=2) == []


@given(st.lists(st.text(alphabet="ab， 山水\n", max_size=30), max_size=3), st.integers(0, 5))
def test_disorder_keeps_every_word_and_all_blank_space(texts, seed):
    found = shuffled(texts, seed)
    assert found == shuffled(texts, seed)
    for before, after in zip(texts, found, strict=True):
        assert sorted(before) == sorted(after)
        assert [letter for letter in after if letter.isspace()] == [letter for letter in before if letter.isspace()]


def test_the_marks_of_a_poem_stay_where_they_tell_its_lines():
    poem = "白日依山尽，黄河入海流。\n欲穷千里目，更上一层楼。"
    (mixed,) = shuffled([poem], 1, marks=False)
    assert mixed != poem
    assert sorted(mixed) == sorted(poem)
    assert [i for i, letter in enumerate(mixed) if letter in "，。\n"] == [
        i for i, letter in enumerate(poem) if letter in "，。\n"
    ]
    assert sorted(shuffled(["One, two - three!"], 1, marks=False)[0].split()) == ["-", "One,", "three!", "two"]


def test_disorder_moves_words_and_chinese_characters():
    words, characters = " ".join(f"word{i}" for i in range(50)), "".join(chr(0x4E00 + i) for i in range(50))
    mixed = shuffled([words, characters], 1)
    assert mixed[0] != words
    assert sorted(mixed[0].split()) == sorted(words.split())
    assert mixed[1] != characters
    assert shuffled([words], 1) != shuffled([words], 2)
