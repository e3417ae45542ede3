"""The order of batches is a pure function: a shuffle that can be computed anywhere, on any rank, after any kill."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.data.order import (
    fit_context,
    permute,
    sliding_windows,
    validation_windows,
    window_starts,
    windows_per_epoch,
)
from zaohua.errors import ZaohuaError

SEEDS = st.integers(0, 2**63 - 1)


@given(size=st.integers(1, 3000), key=st.integers(0, 2**64 - 1))
def test_permute_is_a_bijection(size, key):
    positions = np.arange(size, dtype=np.uint64)
    shuffled = permute(positions, size, np.full(size, key, np.uint64))
    assert np.array_equal(np.sort(shuffled), positions)


def test_permute_looks_random():
    size, keys = 64, 4000
    # Where position 5 lands, over many keys: a chi-square with 63 degrees of freedom, far from its 1e-6 tail of 133.
    lands = [int(permute(np.array([5], np.uint64), size, np.array([key], np.uint64))[0]) for key in range(keys)]
    counts = np.bincount(lands, minlength=size)
    assert ((counts - keys / size) ** 2 / (keys / size)).sum() < 133
    # Neighbours are not kept together: rank correlation of a long shuffle is within 5 standard errors of none.
    long = permute(np.arange(5000, dtype=np.uint64), 5000, np.full(5000, 3, np.uint64)).astype(float)
    assert abs(np.corrcoef(long[:-1], long[1:])[0, 1]) < 5 / np.sqrt(5000)


@given(
    seed=SEEDS,
    step=st.integers(0, 10**7),
    batch=st.integers(1, 40),
    context=st.integers(1, 50),
    extra=st.integers(1, 4000),
)
def test_windows_stay_inside(seed, step, batch, context, extra):
    num_tokens = context + extra
    starts = window_starts(seed, step, batch, num_tokens, context)
    assert starts.shape == (batch,)
    assert starts.dtype == np.int64
    assert starts.min() >= 0
    assert starts.max() + context + 1 <= num_tokens


@given(seed=SEEDS, step=st.integers(0, 500), parts=st.sampled_from([1, 2, 3, 4, 6]), num_tokens=st.integers(40, 3000))
def test_any_cut_of_the_samples_gives_the_same_windows(seed, step, parts, num_tokens):
    """A step of 12 samples, or parts × 12/parts samples: the windows depend on the sample's number alone."""
    whole = window_starts(seed, step, 12, num_tokens, 16)
    size = 12 // parts
    again = [window_starts(seed, step * parts + i, size, num_tokens, 16) for i in range(parts)]
    assert np.array_equal(whole, np.concatenate(again))


@given(seed=SEEDS, context=st.integers(1, 30), num_tokens=st.integers(62, 2000), epoch=st.integers(0, 5))
def test_an_epoch_covers_the_stream_once(seed, context, num_tokens, epoch):
    windows = windows_per_epoch(num_tokens, context)
    starts = np.sort(window_starts(seed, epoch, windows, num_tokens, context))
    assert np.array_equal(np.diff(starts), np.full(windows - 1, context))  # end to end, none twice
    unseen = num_tokens - windows * context - 1
    assert unseen < 2 * context


def test_epochs_differ_in_order_and_cut():
    windows = windows_per_epoch(10_000, 32)
    epochs = [window_starts(1, epoch, windows, 10_000, 32) for epoch in range(8)]
    assert len({int(starts.min()) for starts in epochs}) > 4
    orders = {tuple(np.argsort(starts)) for starts in epochs}
    assert len(orders) == 8
    assert not np.array_equal(epochs[0], window_starts(2, 0, windows, 10_000, 32))


@given(num_tokens=st.integers(1, 500), context=st.integers(1, 60))
def test_validation_predicts_every_token_once(num_tokens, context):
    starts, lengths = validation_windows(num_tokens, context)
    targets = [start + 1 + i for start, length in zip(starts, lengths, strict=True) for i in range(length)]
    assert targets == list(range(1, num_tokens))
    assert all(lengths[:-1] == context)
    assert all(lengths > 0)


def test_shakespeare_protocol():
    starts, lengths = validation_windows(111_540, 64)
    assert len(starts) == 1743
    assert lengths.sum() == 111_539
    assert lengths[-1] == 111_539 - 1742 * 64


@given(num_tokens=st.integers(0, 300), context=st.integers(1, 200))
def test_fit_context(num_tokens, context):
    if num_tokens < 2 * min(context, 8) + 1:
        with pytest.raises(ZaohuaError, match=str(num_tokens)):
            fit_context(num_tokens, context)
        return
    fitted = fit_context(num_tokens, context)
    assert 0 < fitted <= context
    assert 2 * fitted + 1 <= num_tokens
    assert fitted == context or 2 * (fitted + 1) + 1 > num_tokens


@given(st.integers(0, 200), st.integers(1, 40), st.data())
def test_sliding_windows_count_every_token_once_with_enough_before_it(num_tokens, context, data):
    stride = data.draw(st.integers(1, context))
    starts, lengths, fresh = sliding_windows(num_tokens, context, stride)
    counted = [
        start + length + 1 - back
        for start, length, new in zip(starts, lengths, fresh, strict=True)
        for back in range(new, 0, -1)
    ]
    assert counted == list(range(1, num_tokens))
    for start, length, new in zip(starts, lengths, fresh, strict=True):
        assert 1 <= new <= length <= context
        first = start + length - new + 1  # the first token of this window that counts
        assert first - start > context - stride or start == 0
        assert start + length < num_tokens
