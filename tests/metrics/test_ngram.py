"""The n-gram baseline against its definition, and against known values on Tiny Shakespeare."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zaohua.metrics import ngram
from zaohua.metrics.ngram import WittenBell, baselines, best_order, losses_by_order


class Plain:
    """The formula in dictionaries and loops."""

    def __init__(self, tokens, vocab_size, order):
        self.vocab_size, self.order = vocab_size, order
        self.count = Counter()
        self.followers = {}
        for k in range(order):
            for i in range(k, len(tokens)):
                history, token = tuple(tokens[i - k : i]), tokens[i]
                self.count[history, token] += 1
                self.followers.setdefault(history, Counter())[token] += 1

    def probability(self, token, history):
        if history is None:
            return 1 / self.vocab_size
        lower = self.probability(token, history[1:] if history else None)
        followers = self.followers.get(history, Counter())
        kinds, total = len(followers), followers.total()
        return (self.count[history, token] + kinds * lower) / (total + kinds) if total else lower

    def nll(self, tokens):
        histories = [tuple(tokens[max(0, i - self.order + 1) : i]) for i in range(len(tokens))]
        return -sum(math.log(self.probability(w, h)) for w, h in zip(tokens, histories, strict=True)) / len(tokens)


vocabularies = st.shared(st.integers(min_value=1, max_value=6), key="vocabulary")
streams = vocabularies.flatmap(lambda v: st.lists(st.integers(0, v - 1), min_size=1, max_size=60))
orders = st.integers(min_value=1, max_value=5)


@given(vocabularies, streams, streams, orders)
def test_follows_its_definition(vocab_size, train, held_out, order):
    plain = Plain(train, vocab_size, order)
    fitted = WittenBell.fit(np.array(train), vocab_size, order)
    assert fitted.nll(np.array(held_out)) == pytest.approx(plain.nll(held_out))
    assert fitted.order == min(order, len(train))


@given(vocabularies, streams, streams, orders)
def test_is_a_distribution_after_any_context(vocab_size, train, context, order):
    """Seen or unseen, empty or longer than the order."""
    probabilities = WittenBell.fit(np.array(train), vocab_size, order).probabilities(np.array(context))
    plain = Plain(train, vocab_size, order)
    history = tuple(context[len(context) - min(len(context), order - 1) :])
    assert probabilities.sum() == pytest.approx(1.0)
    assert probabilities == pytest.approx([plain.probability(w, history) for w in range(vocab_size)])


@given(vocabularies, streams, streams, orders)
def test_all_orders_at_once_agree_with_one_at_a_time(vocab_size, train, held_out, order):
    losses = losses_by_order(np.array(train), np.array(held_out), vocab_size, order)
    expected = [
        WittenBell.fit(np.array(train), vocab_size, k).nll(np.array(held_out)) for k in range(1, 1 + len(losses))
    ]
    assert losses == pytest.approx(expected)


def test_large_vocabularies_do_not_collide():
    """Keys of ids near 2^20 at every order stay apart: a repeated stream is known by heart, its mirror is not."""
    tokens = np.random.default_rng(0).integers(2**20 - 50, 2**20, 5000)
    fitted = WittenBell.fit(tokens, 2**20, 4)
    assert fitted.nll(tokens) < 0.8
    assert fitted.nll(tokens[::-1].copy()) > 4.0


def test_ids_outside_the_vocabulary_are_refused():
    with pytest.raises(ValueError, match=r"\[0, 4\)"):
        WittenBell.fit(np.array([0, 4]), 4, 2)
    with pytest.raises(ValueError, match=r"\[0, 4\)"):
        WittenBell.fit(np.array([0, 3]), 4, 2).nll(np.array([-1]))


def test_the_order_is_chosen_on_training_tokens():
    """A stream whose next token depends on exactly two before it."""
    rng = np.random.default_rng(1)
    table = rng.integers(0, 7, (7, 7))
    tokens = [0, 1]
    for noise in rng.random(20_000):
        tokens.append(int(table[tokens[-2], tokens[-1]]) if noise < 0.8 else int(noise * 1e6) % 7)
    assert best_order(np.array(tokens), 7) == 3


def test_baselines_of_random_tokens_are_their_entropy():
    tokens = np.random.default_rng(2).integers(0, 16, 60_000)
    result = baselines(tokens[:50_000], tokens[50_000:], 16, 5_000)
    assert result["ngram"]["order"] == 1
    assert result["ngram"]["loss"] == result["unigram"]["loss"] == pytest.approx(math.log(16), abs=0.01)
    assert result["unigram"]["perplexity"] == pytest.approx(16, abs=0.1)
    assert result["unigram"]["bits_per_byte"] == pytest.approx(8.0, abs=0.1)  # 10,000 tokens of 4 bits in 5,000 bytes
    assert result["tokens_used"] == 50_000


def test_long_streams_are_cut_to_the_limit_and_say_so(monkeypatch):
    """Half of the stream is one token, half another: the pieces must come from both."""
    monkeypatch.setattr(ngram, "TOKEN_LIMIT", 1_000)
    tokens = np.repeat([0, 1], 50_000)
    result = baselines(tokens, np.array([0, 1] * 50), 2, 100)
    assert result["tokens_used"] <= 1_000
    assert result["unigram"]["loss"] == pytest.approx(math.log(2), rel=1e-3)


@pytest.mark.parametrize(("train", "held_out"), [([], [1]), ([1], [])])
def test_nothing_to_measure_is_an_error(train, held_out):
    with pytest.raises(ValueError, match="needs training and validation"):
        baselines(np.array(train, dtype=np.int64), np.array(held_out, dtype=np.int64), 2, 1)


@settings(deadline=None)
@given(st.integers(min_value=1, max_value=30))
def test_a_tiny_stream_still_has_an_order(size):
    assert 1 <= best_order(np.arange(size) % 3, 3) <= 6


def test_known_values_on_tiny_shakespeare(shared_data):
    """Character n-grams on nanoGPT's 90/10 split; values of an independent pure-Python implementation."""
    text = (shared_data / "text/tinyshakespeare/input.txt").read_text(encoding="utf-8")
    vocabulary = {c: i for i, c in enumerate(sorted(set(text)))}
    tokens = np.array([vocabulary[c] for c in text])
    split = int(0.9 * len(tokens))
    losses = losses_by_order(tokens[:split], tokens[split:], len(vocabulary), 5)
    assert losses[2:] == pytest.approx([2.049, 1.774, 1.669], abs=0.0005)
    chosen = baselines(tokens[:split], tokens[split:], len(vocabulary), len(tokens) - split)
    assert chosen["ngram"]["order"] == 5
    assert chosen["ngram"]["loss"] == losses[4]
