"""Loss, perplexity and bits per byte."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.metrics.perplexity import bits_per_byte, perplexity, scores


@given(st.integers(min_value=1, max_value=100_000))
def test_uniform_guessing_hesitates_among_all(vocab_size):
    assert perplexity(math.log(vocab_size)) == pytest.approx(vocab_size)


def test_an_enormous_loss_is_infinite_perplexity_not_an_error():
    assert perplexity(10_000.0) == math.inf


@given(st.integers(min_value=1, max_value=10_000))
def test_guessing_bytes_costs_eight_bits_each(num_bytes):
    assert bits_per_byte(num_bytes * math.log(256), num_bytes) == pytest.approx(8.0)


def test_bits_per_byte_do_not_depend_on_the_tokeniser():
    """The same total cost over the same text, cut into more or fewer tokens."""
    coarse, fine = scores(120.0, 30, 90), scores(120.0, 60, 90)
    assert coarse["loss"] == 2 * fine["loss"]
    assert coarse["bits_per_byte"] == fine["bits_per_byte"]
    assert coarse["perplexity"] == pytest.approx(math.exp(4.0))


@pytest.mark.parametrize(("tokens", "num_bytes"), [(0, 10), (10, 0)])
def test_an_empty_text_has_no_score(tokens, num_bytes):
    with pytest.raises(ValueError, match="at least one"):
        scores(1.0, tokens, num_bytes)
