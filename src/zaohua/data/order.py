"""Which windows of the token stream make up a batch: a pure function of (seed, step, position in the batch).

No shuffled list is kept and nothing is saved: a resumed run, or one of several ranks, computes the same windows.
"""

import math

import numpy as np
import numpy.typing as npt

from zaohua.errors import ZaohuaError
from zaohua.i18n import t

_SMALLEST_CONTEXT = 8  # tokens: a model of less context than this is not worth training
_ROUNDS = 6
_POOL = 8  # batches of examples drawn together, at most
Words = npt.NDArray[np.uint64]
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio


def fit_context(num_tokens: int, context: int) -> int:
    """The longest context up to `context` of which the stream holds two windows.

    Raises ZaohuaError if the text is too short for two windows of even 8 tokens (or of `context`, if smaller).
    """
    smallest = min(context, _SMALLEST_CONTEXT)
    if num_tokens < 2 * smallest + 1:
        raise ZaohuaError(t("corpus.too_short", tokens=num_tokens, needed=2 * smallest + 1))
    return min(context, (num_tokens - 1) // 2)


def windows_per_epoch(num_tokens: int, context: int) -> int:
    """Windows of context inputs (and context + 1 tokens) that an epoch visits once each."""
    return max((num_tokens - 1) // context - 1, 1)


def window_starts(seed: int, step: int, batch: int, num_tokens: int, context: int) -> np.ndarray:
    """First token of each window of the global batch of `step`: int64 [batch].

    A window is the context + 1 tokens from its start: inputs and, one further on, targets. An epoch visits blocks of
    `context` tokens, end to end, in an order of its own; they start at a random offset of its own, so that every
    epoch cuts the text elsewhere and only the edges of the stream (less than two contexts) go unseen in it.
    A rank takes its slice of the result. Needs num_tokens > context; see fit_context.
    """
    assert num_tokens > context > 0
    windows = windows_per_epoch(num_tokens, context)
    samples = np.arange(step * batch, (step + 1) * batch, dtype=np.uint64)
    epochs, positions = samples // np.uint64(windows), samples % np.uint64(windows)
    keys = _mix(_mix(np.full(batch, seed, np.uint64)) ^ epochs)
    slack = num_tokens - 1 - windows * context  # how far the blocks can move; < 2^32, so the bias of % is nothing
    offsets = _mix(keys ^ _GOLDEN) % np.uint64(slack + 1)
    blocks = permute(positions, windows, keys)
    return (blocks * np.uint64(context) + offsets).astype(np.int64)


def sample_numbers(seed: int, step: int, batch: int, count: int) -> np.ndarray:
    """Which of `count` samples make up the global batch of `step`: int64 [batch]. An epoch visits each once."""
    return _visited(seed, np.arange(step * batch, (step + 1) * batch, dtype=np.uint64), count)


def example_numbers(seed: int, step: int, batch: int, lengths: np.ndarray) -> np.ndarray:
    """Which of len(lengths) examples make up the global batch of `step`: int64 [batch].

    An epoch visits each once, in an order of its own. Several batches are drawn together, sorted by length and taken
    in a random order: rows of a batch are about equally long, and little of it is padding.
    """
    count = len(lengths)
    together = max(1, min(_POOL, count // batch))  # no more than an epoch: equal examples would meet in a batch
    pool, place = divmod(step, together)
    samples = np.arange(pool * together * batch, (pool + 1) * together * batch, dtype=np.uint64)
    drawn = _visited(seed, samples, count)
    key = _mix(np.array([seed], np.uint64) ^ _mix(np.array([pool], np.uint64)))
    turn = int(permute(np.array([place], np.uint64), together, key)[0])
    return drawn[np.argsort(lengths[drawn], kind="stable")][turn * batch : (turn + 1) * batch]


def _visited(seed: int, samples: Words, count: int) -> np.ndarray:
    """The `samples`-th of endless epochs over `count`, each in an order of its own: int64 [n]"""
    epochs, positions = samples // np.uint64(count), samples % np.uint64(count)
    keys = _mix(_mix(np.full(len(samples), seed, np.uint64)) ^ epochs)
    return permute(positions, count, keys).astype(np.int64)


def permute(positions: np.ndarray, size: int, keys: np.ndarray) -> np.ndarray:
    """Where a shuffle of range(size) puts each position; positions of one key never meet. uint64 [B], uint64 [B].

    A Feistel network on the pairs (row, column) of a nearly square table is a bijection whatever its round function;
    walking on along its cycle from the few places beyond `size` keeps it one (Black and Rogaway, "Ciphers with
    arbitrary finite domains", 2002, methods 2 and 3).
    """
    rows = np.uint64(max(math.isqrt(size), 1))
    columns = np.uint64(-(-size // int(rows)))
    turns = _mix(keys + np.arange(1, _ROUNDS + 1, dtype=np.uint64)[:, None])  # [_ROUNDS, B]
    result = _feistel(positions, rows, columns, turns)
    while (outside := result >= np.uint64(size)).any():
        result[outside] = _feistel(result[outside], rows, columns, turns[:, outside])
    return result


def validation_windows(num_tokens: int, context: int) -> tuple[np.ndarray, np.ndarray]:
    """Blocks for a full evaluation pass: starts and numbers of targets, int64 [n] each.

    Inputs are tokens[start : start + length], targets tokens[start + 1 : start + length + 1]. Every token but the
    first is a target once; all lengths but the last are `context`.
    """
    starts, lengths, _ = sliding_windows(num_tokens, context, context)
    return starts, lengths


def sliding_windows(num_tokens: int, context: int, stride: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Windows that move on by `stride` tokens: starts, numbers of targets, and how many of these, at the window's end,
    no window before it has: int64 [n] each.

    Counting only those, every token but the first counts once, and each beyond the first window is predicted from
    more than context - stride tokens. Needs 0 < stride <= context; stride = context gives validation_windows.
    """
    assert 0 < stride <= context
    targets = num_tokens - 1
    count = 0 if targets < 1 else 1 + max(0, -(-(targets - context) // stride))
    starts = np.arange(count, dtype=np.int64) * stride
    ends = np.minimum(starts + context, targets)
    return starts, ends - starts, np.diff(ends, prepend=0)


def _feistel(values: Words, rows: np.uint64, columns: np.uint64, turns: Words) -> Words:
    row, column = values // columns, values % columns
    for turn in range(0, _ROUNDS, 2):
        row = (row + _mix(turns[turn] ^ column) % rows) % rows
        column = (column + _mix(turns[turn + 1] ^ row) % columns) % columns
    return row * columns + column


def _mix(x: Words) -> Words:
    """SplitMix64's output function (Steele, Lea and Flood, 2014): every input bit moves every output bit."""
    x = x + _GOLDEN
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
