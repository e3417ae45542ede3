"""Words, and the tokens that make them up."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from zaohua.language.encoders.words import token_pieces, word_numbers, words
from zaohua.language.tokenizer import Tokenizer, TokenizerConfig
from zaohua.language.tokenizer_training import train

pytest.importorskip("rjieba")
ENGLISH = "the painted boats don't wait for 12 tides, they sail. "
CHINESE = "我们在北京大学学习自然语言处理，天气很好。"


@given(st.text(max_size=60))
def test_words_end_to_end_are_the_text(text):
    assert "".join(words(text)) == text


def test_chinese_is_cut_into_words_and_english_at_letters():
    assert list(words(CHINESE))[:4] == ["我们", "在", "北京大学", "学习"]
    assert list(words("it's 12")) == ["it", "'", "s", " ", "1", "2"]


@pytest.fixture(scope="module")
def bpe() -> Tokenizer:
    return train(TokenizerConfig(vocab_size=330), [ENGLISH * 30, CHINESE * 30])


def grouped(tokenizer: Tokenizer, text: str) -> list[str]:
    ids = torch.tensor([tokenizer.encode(text)])
    numbers = word_numbers(ids, token_pieces(tokenizer))[0]
    assert numbers[0] == 0
    assert set(numbers.diff().tolist()) <= {0, 1}
    return [tokenizer.decode(ids[0, numbers == number].tolist()) for number in numbers.unique()]


def test_tokens_of_a_word_share_its_number(bpe):
    found = grouped(bpe, "the painted tides, wait")
    assert found == ["the", " painted", " tides", ",", " wait"]


def test_tokens_of_chinese_words(bpe):
    characters = train(TokenizerConfig(kind="char", vocab_size=200), [ENGLISH + CHINESE])
    assert grouped(characters, "天气很好。")[:2] == ["天气", "很"]
    assert grouped(characters, "the tides") == ["the", " ", "tides"]


def test_a_row_may_begin_and_end_inside_a_character(bpe):
    ids = [token for token in bpe.encode("龘靐") if token < 256]  # characters that only bytes can spell
    row = torch.tensor([ids[1:-1] or ids])
    numbers = word_numbers(row, token_pieces(bpe))
    assert numbers.shape == row.shape


def test_special_tokens_part_words(bpe):
    end = bpe.eot_id
    ids = torch.tensor([[*bpe.encode("the"), end, *bpe.encode("boats")]])
    numbers = word_numbers(ids, token_pieces(bpe))[0].tolist()
    place = ids[0].tolist().index(end)
    assert numbers[place] > numbers[place - 1]
    assert numbers[place + 1] > numbers[place]


def test_word_pieces_of_published_tokenisers():
    from tokenizers import Tokenizer as Backend
    from tokenizers import decoders, models, pre_tokenizers

    vocabulary = {token: index for index, token in enumerate(["[UNK]", "sail", "##ing", "boat", "##s", "wait"])}
    backend = Backend(models.WordPiece(vocabulary, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    backend.decoder = decoders.WordPiece()
    tokenizer = Tokenizer(backend)
    ids = torch.tensor([tokenizer.encode("sailing boats wait")])
    assert word_numbers(ids, token_pieces(tokenizer))[0].tolist() == [0, 0, 1, 1, 2]
