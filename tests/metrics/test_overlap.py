"""Verbatim overlap against a search in plain loops, and with copies planted on purpose."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zaohua.metrics import overlap as module
from zaohua.metrics import rolling
from zaohua.metrics.overlap import overlap, overlap_report

TEXT = st.lists(st.integers(0, 2), max_size=25)


def contains(train, passage):
    return any(train[i : i + len(passage)] == passage for i in range(len(train) - len(passage) + 1))


def plain_longest(text, train):
    sizes = [n for n in range(1, len(text) + 1) for i in range(len(text) - n + 1) if contains(train, text[i : i + n])]
    return max(sizes, default=0)


@settings(deadline=None)
@given(st.lists(TEXT, max_size=3), st.lists(st.integers(0, 2), max_size=80), st.integers(1, 6), st.integers(1, 40))
def test_agrees_with_plain_loops_however_the_data_is_cut(texts, train, window, piece):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_PIECE", piece)
        found = overlap(texts, np.array(train, dtype=np.int64), window)
    assert len(found) == len(texts)
    for result, text in zip(found, texts, strict=True):
        windows = [text[i : i + window] for i in range(len(text) - window + 1)]
        assert result.longest == plain_longest(text, train)
        assert contains(train, text[result.start : result.start + result.longest])
        assert result.windows == len(windows)
        assert result.copied == sum(contains(train, w) for w in windows)
        assert 0 <= result.share <= 1


def test_finds_a_planted_copy():
    rng = np.random.default_rng(0)
    train = rng.integers(0, 30_000, 200_000)
    text = rng.integers(0, 30_000, 300)
    text[100:160] = train[123_456:123_516]
    result = overlap([text], train, window=8)[0]
    assert (result.longest, result.start) == (60, 100)
    assert result.copied == 60 - 8 + 1
    assert result.share == pytest.approx(53 / 293)


def test_equal_hashes_alone_are_not_a_copy(monkeypatch):
    """With base 1 a window's hash is the sum of its tokens, so that any two orders of them collide."""
    monkeypatch.setattr(rolling, "BASE", 1)
    assert overlap([[1, 2, 3, 4]], np.array([4, 3, 2, 1]), window=4)[0].copied == 0


def test_a_text_that_repeats_one_token_stays_cheap():
    result = overlap([np.zeros(400, dtype=np.int64)], np.zeros(50_000, dtype=np.int64), window=8)[0]
    assert (result.longest, result.share) == (400, 1.0)


class Numbers:
    """A tokeniser of numbers with spaces between them."""

    def encode(self, text):
        return [int(word) for word in text.split()]

    def decode(self, ids):
        return " ".join(map(str, ids))


def test_report_puts_real_text_beside_generated():
    rng = np.random.default_rng(3)
    train, validation = rng.integers(0, 5000, 20_000), rng.integers(0, 5000, 2_000)
    copy, fresh = (Numbers().decode(ids) for ids in (train[500:600], rng.integers(0, 5000, 100)))
    report = overlap_report([fresh, copy], Numbers(), train, validation)
    assert report["longest"] == 100
    assert report["share"] == pytest.approx(0.5)
    assert report["passage"] == copy
    assert report["reference"]["texts"] == report["texts"] == 2
    assert report["reference"]["longest"] <= 3
    assert report["reference"]["share"] == 0.0


def test_real_text_that_repeats_shows_in_the_reference():
    train = np.arange(1000)
    report = overlap_report(["5 6 7 8"], Numbers(), train, train[:50], window=4)
    assert report["share"] == report["reference"]["share"] == 1.0


def test_report_without_texts_or_validation():
    nothing = np.array([], dtype=np.int64)
    empty = overlap_report([], Numbers(), np.arange(10), nothing)
    assert (empty["texts"], empty["longest"], empty["share"], empty["passage"]) == (0, 0, 0.0, "")
    assert overlap_report(["1 2 3"], Numbers(), np.arange(10), nothing)["reference"]["longest"] == 0
