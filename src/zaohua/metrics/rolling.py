"""The hash of any window of a sequence in two operations, for searching millions of tokens at once."""

import numpy as np

BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2^64


def tables(count: int) -> tuple[np.ndarray, np.ndarray]:
    """BASE^0, BASE^1, … and their inverses modulo 2^64, for sequences of up to `count` tokens. uint64 [count] each"""
    factors = np.full((2, count), 1, dtype=np.uint64)
    factors[0, 1:] = BASE
    factors[1, 1:] = pow(BASE, -1, 1 << 64)
    powers = np.multiply.accumulate(factors, axis=1)
    return powers[0], powers[1]


class Hashed:
    """Tokens with prefix sums of (token + 1) · BASE^position: a window's sum, shifted back to position 0, is its hash.

    Equal windows have equal hashes; different ones nearly always have different ones.
    """

    def __init__(self, tokens: np.ndarray, powers: np.ndarray, inverses: np.ndarray) -> None:
        self.tokens, self.inverses = tokens, inverses
        self.sums = np.zeros(len(tokens) + 1, dtype=np.uint64)
        np.cumsum((tokens.astype(np.uint64) + np.uint64(1)) * powers[: len(tokens)], out=self.sums[1:])

    def at(self, starts: np.ndarray, size: int) -> np.ndarray:
        """Hashes of the windows that begin at `starts`. int64 [N] -> uint64 [N]"""
        return (self.sums[starts + size] - self.sums[starts]) * self.inverses[starts]

    def starts(self, size: int) -> np.ndarray:
        """Every position where a window of this size fits."""
        return np.arange(max(0, len(self.tokens) - size + 1))


def isin(values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Which values are wanted, quick for few wanted among many values. [N], [M] -> bool [N]"""
    if len(wanted) == 0:
        return np.zeros(len(values), dtype=bool)
    wanted = np.sort(wanted)
    return wanted[np.searchsorted(wanted, values).clip(max=len(wanted) - 1)] == values
