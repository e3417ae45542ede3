"""The shingles of a text, hashed, for many documents at once: what near-duplicate search compares.

A unit is a word, or a single character in scripts written without spaces (Chinese, Japanese, Thai). Case, blank space
and punctuation do not count. A shingle is five units in a row. One rule serves every language and any mixture.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np

WIDTH = 5  # units in a shingle
_CHUNK = 1 << 18  # characters hashed at once: the working arrays then stay in the processor's cache
_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2^64
_INVERSE = pow(_BASE, -1, 1 << 64)
_ALONE = 1 << 31  # flag of a character that is a unit by itself
_UNSPACED = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF))


@cache
def _table() -> np.ndarray:
    """For each character of the basic plane: 0 between units, else its small form, flagged if a unit. uint32 [65537]"""
    table = np.zeros(0x10001, dtype=np.uint32)
    for code in range(0x10000):
        character = chr(code)
        if unicodedata.category(character)[0] in "LNM":
            table[code] = ord(character.lower()[0])
    for first, last in _UNSPACED:
        table[first : last + 1] |= np.where(table[first : last + 1] > 0, _ALONE, 0).astype(np.uint32)
    table[0x10000] = _ALONE  # stands for all further planes: rare Chinese characters and emoji
    return table


@cache
def _powers() -> tuple[np.ndarray, np.ndarray]:
    """_BASE^t and its inverse modulo 2^64. uint64 [_CHUNK] each"""
    factors = np.full((2, _CHUNK), 1, dtype=np.uint64)
    factors[0, 1:] = _BASE
    factors[1, 1:] = _INVERSE
    powers = np.multiply.accumulate(factors, axis=1)
    return powers[0], powers[1]


def _units(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Start and hash of each unit. codes: uint32 [T], T at most _CHUNK -> int64 [U], uint64 [U]"""
    values = _table().take(codes, mode="clip")
    if codes.max(initial=0) > 0xFFFF:
        values = np.where(codes > 0xFFFF, codes | _ALONE, values)
    inside, alone = values != 0, values >= _ALONE
    begins = inside.copy()
    begins[1:] &= ~inside[:-1] | alone[1:] | alone[:-1]
    starts = np.flatnonzero(begins)
    powers, inverses = _powers()
    # A unit's hash is its part of the running sum, shifted back to position 0; what lies between units adds nothing.
    total = np.zeros(len(codes) + 1, dtype=np.uint64)
    np.cumsum(values * powers[: len(codes)], out=total[1:])
    before = total[np.append(starts, len(codes))]
    hashes = (before[1:] - before[:-1]) * inverses[starts]
    return starts, _scramble(hashes)


def _scramble(x: np.ndarray) -> np.ndarray:
    """A bijection of 64-bit words that spreads every bit (the finaliser of MurmurHash3). uint64 [N]"""
    x = (x ^ (x >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    x = (x ^ (x >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return x ^ (x >> np.uint64(33))


def _chunks(texts: Sequence[str]) -> Iterator[list[str]]:
    """The texts in order, long ones cut in pieces, in groups that fit in one chunk with a separator after each."""
    group: list[str] = []
    room = _CHUNK
    for text in texts:
        for start in range(0, max(len(text), 1), _CHUNK - 1):
            piece = text[start : start + _CHUNK - 1]
            if len(piece) >= room:
                yield group
                group, room = [], _CHUNK
            group.append(piece)
            room -= len(piece) + 1
    if group:
        yield group


def _shingles(pieces: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Hashes of all shingles that lie within one piece, and their number in each. uint64 [S], int64 [len(pieces)]"""
    joined = "\n".join(pieces) + "\n"
    starts, units = _units(np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32))
    ends = np.searchsorted(starts, np.cumsum([len(piece) + 1 for piece in pieces]))  # units up to each piece's end
    count = max(len(units) - WIDTH + 1, 0)
    rolled = units[:count].copy()
    within = np.ones(len(units), dtype=bool)  # whether a shingle that begins here ends in the same piece
    for offset in range(1, WIDTH):
        rolled = rolled * np.uint64(_BASE) + units[offset : offset + count]
        within[ends[ends >= offset] - offset] = False
    return _scramble(rolled[within[:count]]), np.maximum(np.diff(ends, prepend=0) - WIDTH + 1, 0)


def shingle_hashes(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The hashed shingles of each text, one after another, and where each text's begin.

    Returns uint64 [S] and int64 [len(texts) + 1]. A text of fewer than five units has none. Of a text longer than
    262,143 characters the shingles across every cut of that length are left out.
    """
    parts = [_shingles(group) for group in _chunks(texts)]
    flat = np.concatenate([hashes for hashes, _ in parts]) if parts else np.empty(0, np.uint64)
    sizes = np.concatenate([counts for _, counts in parts]) if parts else np.empty(0, np.int64)
    pieces = np.array([max(-(-len(text) // (_CHUNK - 1)), 1) for text in texts], dtype=np.int64)
    offsets = np.append(0, np.cumsum(sizes))[np.append(0, np.cumsum(pieces))]
    return flat, offsets
