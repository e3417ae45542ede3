"""Marks around texts, as transformers sees them too."""

import numpy as np
import pytest
from transformers import AutoTokenizer

from zaohua.errors import ZaohuaError
from zaohua.language.encoders.marks import Marks, with_marks
from zaohua.language.tokenizer import Tokenizer, TokenizerConfig
from zaohua.language.tokenizer_training import train

TEXT = "the cat sat on the mat. 山高水长，花好月圆。"


@pytest.fixture(scope="module", params=["bpe", "char"])
def plain(request) -> Tokenizer:
    return train(TokenizerConfig(kind=request.param, vocab_size=300), [TEXT * 10])


def test_ids_stay_and_four_are_added(plain):
    marked = with_marks(plain, 32)
    assert marked.vocab_size == plain.vocab_size + 4
    assert marked.encode(TEXT) == plain.encode(TEXT)
    assert with_marks(marked, 32) is marked
    assert marked.encode("[MASK]") == plain.encode("[MASK]"), "what a text spells is text"


def test_transformers_reads_the_same(plain, tmp_path):
    marked = with_marks(plain, 32)
    marked.save(tmp_path)
    theirs, ours = AutoTokenizer.from_pretrained(tmp_path), Tokenizer.load(tmp_path)
    marks = Marks.of(ours)
    assert theirs(TEXT)["input_ids"] == [marks.begin, *ours.encode(TEXT), marks.end]
    hidden = TEXT.replace("cat", "[MASK]")
    assert theirs(hidden)["input_ids"][1:-1] == ours.encode(hidden, allow_special=True)
    assert (theirs.pad_token_id, theirs.mask_token_id, theirs.cls_token_id) == (marks.pad, marks.mask, marks.begin)


def test_mask_stands_for_a_word_with_its_space():
    marked = with_marks(train(TokenizerConfig(vocab_size=300), [TEXT * 10]), 32)
    whole, hidden = marked.encode("the cat sat"), marked.encode("the [MASK] sat", allow_special=True)
    assert whole[0] == hidden[0]
    assert whole[-1] == hidden[-1]
    assert len(hidden) == 2 + len(marked.encode(" sat"))


def test_rows_are_framed_padded_and_cut(plain):
    marks = Marks.of(with_marks(plain, 8))
    ids, real = marks.rows([np.arange(3), np.arange(20), np.arange(0)], 8)
    assert ids.shape == real.shape == (3, 8)
    assert ids[0].tolist() == [marks.begin, 0, 1, 2, marks.end, marks.pad, marks.pad, marks.pad]
    assert ids[1].tolist() == [marks.begin, *range(6), marks.end]
    assert real.sum(1).tolist() == [5, 8, 2]


def test_a_tokeniser_without_marks_is_refused(plain):
    with pytest.raises(ZaohuaError, match=r"\[CLS\]"):
        Marks.of(plain)
