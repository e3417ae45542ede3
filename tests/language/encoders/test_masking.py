"""Hidden tokens: how many, which, behind what."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from zaohua.language.encoders.masking import Masking
from zaohua.seeding import sample_keys

VOCABULARY, MASK = 40, 39
ORDINARY = (torch.arange(VOCABULARY) >= 4) & (torch.arange(VOCABULARY) != MASK)
SHAPES = st.tuples(st.integers(1, 5), st.integers(1, 50))


def drawn(shape: tuple[int, int], seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    ids = torch.randint(0, VOCABULARY, shape, generator=torch.Generator().manual_seed(seed))
    return ids, sample_keys(seed, 0, torch.arange(shape[0]))


@given(SHAPES, st.integers(0, 1000), st.floats(0.01, 0.9))
def test_so_many_ordinary_tokens_are_hidden_and_no_others(shape, seed, share):
    ids, keys = drawn(shape, seed)
    inputs, targets = Masking(ORDINARY, MASK, share).apply(ids, keys)
    chosen = targets >= 0
    possible = ORDINARY[ids]
    wanted = torch.minimum((share * possible.sum(1)).round().clamp(min=1), possible.sum(1))
    assert torch.equal(chosen.sum(1), wanted.long())
    assert not (chosen & ~possible).any()
    assert torch.equal(targets[chosen], ids[chosen])
    assert torch.equal(inputs[~chosen], ids[~chosen])
    assert (ORDINARY[inputs[chosen]] | (inputs[chosen] == MASK)).all()


@given(st.integers(0, 1000), st.integers(1, 6))
def test_words_are_hidden_whole(seed, length):
    ids, keys = drawn((3, 60), seed)
    words = (torch.arange(60) // length).repeat(3, 1)
    _, targets = Masking(ORDINARY, MASK).apply(ids, keys, words)
    for row, kind, word in zip(targets >= 0, ORDINARY[ids], words, strict=True):
        for number in word.unique():
            inside = row[(word == number) & kind]
            assert inside.all() or not inside.any()
        assert row.sum() <= round(0.15 * int(kind.sum())) + length - 1 or row.sum() <= length


def test_eight_one_one():
    ids, keys = drawn((400, 200), 1)
    inputs, targets = Masking(ORDINARY, MASK).apply(ids, keys)
    chosen = targets >= 0
    masked = (inputs[chosen] == MASK).double().mean()
    # One swap in V gives the token itself.
    kept = (inputs[chosen] == ids[chosen]).double().mean()
    assert masked == pytest.approx(0.8, abs=0.02)
    assert kept == pytest.approx(0.1 + 0.1 / int(ORDINARY.sum()), abs=0.02)


def test_other_keys_hide_other_places_and_equal_ones_the_same():
    ids, keys = drawn((2, 100), 0)
    ids[1] = ids[0]
    masking = Masking(ORDINARY, MASK)
    _, targets = masking.apply(ids, keys)
    assert not torch.equal(targets[0], targets[1])
    assert torch.equal(masking.apply(ids[1:], keys[1:])[1], targets[1:]), "however the batch is cut"


def test_padding_changes_nothing():
    ids, keys = drawn((3, 50), 2)
    masking = Masking(ORDINARY, MASK)
    padded = torch.nn.functional.pad(ids, (0, 30), value=0)  # 0 is no ordinary token
    for short, long in zip(masking.apply(ids, keys), masking.apply(padded, keys), strict=True):
        assert torch.equal(long[:, :50], short)
