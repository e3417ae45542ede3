"""Documents on disk: written once in order, read again as often as needed, a few bytes each in memory.

A folder with `documents.bin` (name and text, UTF-8, one after another) and `index.bin` (one fixed record per document).
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from zaohua.data.document import Document

_RECORD = np.dtype(
    [("start", "<u8"), ("low", "<u8"), ("high", "<u8"), ("bytes", "<u4"), ("characters", "<u4"), ("name", "<u4")]
)
_BUFFERED = 4096  # records gathered before they are written


def content_digest(text: bytes) -> tuple[int, int]:
    """128-bit hash of a text, as two words."""
    digest = hashlib.blake2b(text, digest_size=16).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


class SpoolWriter:
    """Writes documents into an empty folder; `close()` before reading."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._texts = (folder / "documents.bin").open("wb", buffering=1 << 20)
        self._index = (folder / "index.bin").open("wb")
        self._records: list[tuple[int, int, int, int, int, int]] = []
        self._end = 0

    def add(self, document: Document) -> None:
        """Append one document."""
        text = document.text.encode("utf-8", "replace")  # lone surrogates become "?": nothing else can be stored
        name = document.name.encode("utf-8", "replace")
        low, high = content_digest(text)
        self._texts.write(name)
        self._texts.write(text)
        self._records.append((self._end, low, high, len(text), len(document.text), len(name)))
        self._end += len(name) + len(text)
        if len(self._records) == _BUFFERED:
            self._flush()

    def _flush(self) -> None:
        self._index.write(np.array(self._records, dtype=_RECORD).tobytes())
        self._records.clear()

    def close(self) -> "Spool":
        """Finish writing and open what was written."""
        self._flush()
        self._texts.close()
        self._index.close()
        return Spool(self.folder)


class Spool:
    """Documents read back in order. `keep` says which of them count: all, or those that are no duplicates."""

    def __init__(self, folder: Path, keep: np.ndarray | None = None) -> None:
        self.folder = folder
        file = folder / "index.bin"
        count = file.stat().st_size // _RECORD.itemsize
        self._index = np.memmap(file, _RECORD, "r", shape=(count,)) if count else np.empty(0, _RECORD)
        self.keep = np.ones(count, dtype=bool) if keep is None else keep  # [number written]

    def __len__(self) -> int:
        return int(np.count_nonzero(self.keep))

    def __iter__(self) -> Iterator[Document]:
        return self.read(self.numbers)

    @property
    def numbers(self) -> np.ndarray:
        """Numbers, as written, of the kept documents. int64 [documents]"""
        return np.flatnonzero(self.keep)

    @property
    def characters(self) -> np.ndarray:
        """Characters of every document written, kept or not. int64 [number written]"""
        return self._index["characters"].astype(np.int64)

    @property
    def bytes(self) -> np.ndarray:
        """UTF-8 bytes of every document written, kept or not. int64 [number written]"""
        return self._index["bytes"].astype(np.int64)

    def amounts(self) -> dict[str, int]:
        """How much is kept."""
        kept = self.numbers
        return {
            "documents": len(kept),
            "characters": int(self.characters[kept].sum()),
            "bytes": int(self.bytes[kept].sum()),
        }

    @property
    def digests(self) -> np.ndarray:
        """128-bit content hash of every document written, kept or not. uint64 [number written, 2]"""
        return np.stack([self._index["low"], self._index["high"]], axis=1)

    def document(self, number: int) -> Document:
        """One document by its number as written."""
        return next(self.read(np.array([number])))

    def read(self, which: np.ndarray) -> Iterator[Document]:
        """The documents with these numbers, in this order. which: int64 [M]"""
        with (self.folder / "documents.bin").open("rb", buffering=1 << 18) as file:
            position = 0
            for first in range(0, len(which), _BUFFERED):
                records = self._index[which[first : first + _BUFFERED]]
                places = zip(
                    records["start"].tolist(), records["name"].tolist(), records["bytes"].tolist(), strict=True
                )
                for start, name, size in places:
                    if position != start:
                        file.seek(start)
                    both = file.read(name + size)
                    position = start + name + size
                    yield Document(both[name:].decode("utf-8"), both[:name].decode("utf-8"))
