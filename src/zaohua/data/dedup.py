"""Duplicate documents: equal after cleaning, or nearly equal to an earlier one. The first in order stays.

Nearly equal means a Jaccard similarity of five-unit shingles of at least the threshold, estimated from 128 MinHash
values (library rensa; standard error about 0.03 at 0.85). Candidates share at least one of 16 bands of 8 values:
a pair at 0.85 is found with probability 0.994, one at 0.5 with 0.06 and is then turned down by the estimate.

Texts go to disk as they come (`Spool`), with 256 bytes of signature each; the bands are sorted one at a time. Memory
is a few dozen bytes per document, whatever its length.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from rensa import RMinHash

from zaohua.data.alike import followers
from zaohua.data.config import TextDataConfig
from zaohua.data.document import Document
from zaohua.data.report import SourceReport
from zaohua.data.shingles import shingle_hashes
from zaohua.data.spool import Spool, SpoolWriter

_VALUES, _BANDS, _SEED = 128, 16, 20
_ROWS = _VALUES // _BANDS
# Below 60 shingles one changed word or character leaves less than 0.85 in common: only equality can be told there,
# and poems, headlines and other short texts are never merged for being alike.
_LEAST_SHINGLES = 60
_BATCH = 1 << 20  # characters whose signatures are computed together


class _Signatures:
    """MinHash signatures on disk: band keys uint64 [N, 16], values uint8 [N, 128], document numbers int64 [N]."""

    def __init__(self, folder: Path) -> None:
        self._paths = {name: folder / f"{name}.bin" for name in ("bands", "values", "numbers")}
        self._files = {name: path.open("wb") for name, path in self._paths.items()}
        self._waiting: list[str] = []
        self._first = self._characters = 0

    def add(self, text: str) -> None:
        self._waiting.append(text)
        self._characters += len(text)
        if self._characters >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        flat, offsets = shingle_hashes(self._waiting)
        sizes = np.diff(offsets)
        numbers = np.flatnonzero(sizes >= _LEAST_SHINGLES)
        if len(numbers):
            flat = flat[np.repeat(sizes >= _LEAST_SHINGLES, sizes)]
            starts = np.append(0, np.cumsum(sizes[numbers])).astype(np.uint64)
            matrix = RMinHash.digest_matrix_from_flat_token_hashes(flat, starts, _VALUES, _SEED)
            values = np.array(matrix.to_rows(), dtype=np.uint32)  # [n, 128]
            self._files["bands"].write(_band_keys(values).tobytes())
            self._files["values"].write(values.astype(np.uint8).tobytes())
            self._files["numbers"].write((self._first + numbers).tobytes())
        self._first += len(self._waiting)
        self._waiting.clear()
        self._characters = 0

    def close(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(bands, values, numbers), the first two memory-mapped."""
        self._flush()
        for file in self._files.values():
            file.close()
        numbers = np.fromfile(self._paths["numbers"], dtype=np.int64)
        if not len(numbers):
            return np.empty((0, _BANDS), np.uint64), np.empty((0, _VALUES), np.uint8), numbers
        bands = np.memmap(self._paths["bands"], np.uint64, "r", shape=(len(numbers), _BANDS))
        values = np.memmap(self._paths["values"], np.uint8, "r", shape=(len(numbers), _VALUES))
        return bands, values, numbers

    def delete(self) -> None:
        for path in self._paths.values():
            path.unlink(missing_ok=True)


def _band_keys(values: np.ndarray) -> np.ndarray:
    """One 64-bit key per band of eight values. uint32 [N, 128] -> uint64 [N, 16]"""
    rows = values.reshape(len(values), _BANDS, _ROWS).astype(np.uint64)
    keys = np.zeros(rows.shape[:2], dtype=np.uint64)
    for row in range(_ROWS):
        keys = (keys ^ rows[:, :, row]) * np.uint64(0x9E3779B97F4A7C15)
        keys ^= keys >> np.uint64(32)
    return keys


def _similarity(values: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Estimated Jaccard similarity of pairs of rows, corrected for the 1 in 256 values that agree by chance. [P]"""
    equal = (values[left] == values[right]).mean(axis=1)
    return (equal - 1 / 256) / (1 - 1 / 256)


def _equal_to_earlier(digests: np.ndarray) -> np.ndarray:
    """For each document, whether an earlier one has the same content hash. uint64 [N, 2] -> bool [N]"""
    order = np.lexsort((digests[:, 1], digests[:, 0]))  # stable: equal hashes stay in document order
    ordered = digests[order]
    repeated = np.zeros(len(digests), dtype=bool)
    repeated[order[1:]] = (ordered[1:] == ordered[:-1]).all(axis=1)
    return repeated


def _candidates(bands: np.ndarray, rows: np.ndarray) -> Iterator[np.ndarray]:
    """Pairs (earlier, later) sharing a band: every member of a group with its first and its previous. int64 [P, 2]"""
    for band in range(_BANDS):
        keys = bands[:, band][rows]
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        fresh = np.append(True, keys[1:] != keys[:-1])
        first = np.maximum.accumulate(np.where(fresh, np.arange(len(keys)), 0))
        later = np.flatnonzero(~fresh)
        for earlier in (first[later], later - 1):
            yield np.stack([rows[order[earlier]], rows[order[later]]], axis=1)


def _near(bands: np.ndarray, values: np.ndarray, rows: np.ndarray, threshold: float) -> dict[int, int]:
    """Rows to leave out, each with the earlier kept row it resembles."""
    if len(rows) < 2:
        return {}
    pairs = np.concatenate(list(_candidates(bands, rows)))
    return followers(pairs, lambda left, right: _similarity(values, left, right) >= threshold)


def deduplicate(documents: Iterable[Document], config: TextDataConfig, report: SourceReport, folder: Path) -> Spool:
    """All documents but duplicates, to be read as often as needed; `folder` holds them as long as the result is used.

    folder: an empty or new folder on a disk with room for the text and 300 bytes per document.
    """
    writer = SpoolWriter(folder)
    signatures = _Signatures(folder) if config.near_dedup else None
    for document in documents:
        writer.add(document)
        if signatures:
            signatures.add(document.text)
    spool = writer.close()
    keep = spool.keep
    if config.exact_dedup and len(keep):
        keep &= ~_equal_to_earlier(spool.digests)
        report.removed["exact"] += int(np.count_nonzero(~keep))
    if signatures:
        bands, values, numbers = signatures.close()
        near = _near(bands, values, np.flatnonzero(keep[numbers]), config.near_dedup_threshold)
        removed = {int(numbers[later]): int(numbers[earlier]) for later, earlier in near.items()}
        keep[list(removed)] = False
        report.removed["near"] += len(removed)
        for later, earlier in list(removed.items())[:5]:
            report.resembles(spool.document(later).name, spool.document(earlier).name)
        signatures.delete()
    return spool
