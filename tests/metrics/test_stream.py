"""Reading token streams from memory or disk."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from zaohua.metrics.stream import length, read, spread


class Reader:
    """The least a token store offers; counts what was read."""

    def __init__(self, tokens):
        self.tokens, self.was_read = np.asarray(tokens), 0

    @property
    def num_tokens(self):
        return len(self.tokens)

    def read(self, start, count):
        assert start + count <= len(self.tokens)
        self.was_read += count
        return self.tokens[start : start + count]


@given(st.integers(1, 500), st.integers(0, 499), st.integers(0, 600))
def test_arrays_and_readers_read_alike(size, start, count):
    start = min(start, size)
    tokens = np.arange(size, dtype=np.uint16)
    for source in (tokens, Reader(tokens)):
        assert length(source) == size
        assert read(source, start, count).tolist() == list(range(size))[start : start + count]


@given(st.integers(1, 5000), st.integers(1, 800))
def test_spread_keeps_order_and_reads_no_more_than_it_returns(size, limit):
    reader = Reader(np.arange(size))
    tokens = spread(reader, limit)
    assert len(tokens) <= limit
    assert reader.was_read == len(tokens)
    assert (np.diff(tokens) > 0).all()
    if size <= limit:
        assert len(tokens) == size
    else:
        assert len(tokens) > limit / 2
        assert tokens[-1] >= size * 0.9 or limit < 20
