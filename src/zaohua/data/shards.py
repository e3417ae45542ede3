"""Token streams on disk: headerless arrays of ids, read through the memory map, with document boundaries beside them.

FOLDER/  00000.bin 00001.bin …   ids, uint16 if the vocabulary allows it, else uint32
         00000.json …            what one finished shard holds; a restarted writer goes on after the last
         documents.npy           where each document starts in the stream, int64
         index.json              written last: a folder without it is not finished
"""

import hashlib
import json
from pathlib import Path
from typing import BinaryIO

import numpy as np

from zaohua.errors import ZaohuaError
from zaohua.files import flush, write_atomic
from zaohua.i18n import t

_SHARD_BYTES = 64 * 2**20
_IN_MEMORY = 256 * 2**20  # bytes: a stream up to this size is read once, so that no training step waits for a disk


class ShardWriter:
    """Appends documents to a token stream and survives being killed.

    Call append in the same order again after a kill; the first `appended` calls are already on disk and must be left
    out. A finished shard ends after a whole append, so at most one shard's worth of work is repeated.
    """

    def __init__(self, folder: Path, vocab_size: int, eot_id: int, shard_bytes: int | None = None) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._eot = eot_id
        self._shard_bytes = shard_bytes or _SHARD_BYTES
        self._dtype = np.dtype("<u2" if vocab_size <= 2**16 else "<u4")
        self._finished = self._finished_shards()
        self._file: BinaryIO | None = None
        self._shard = _empty_shard()
        self._inside = bool(self._finished and self._finished[-1]["inside"])

    @property
    def appended(self) -> int:
        """Calls of append whose tokens are safe on disk."""
        return sum(shard["appends"] for shard in self._finished)

    @property
    def num_tokens(self) -> int:
        """Tokens written so far."""
        return sum(shard["tokens"] for shard in [*self._finished, self._shard])

    def append(self, ids: np.ndarray, num_bytes: int, *, ends: bool = True) -> None:
        """Write a document, or a part of one (ends=False: more of it follows), standing for num_bytes of UTF-8."""
        if self._file is None:
            self._file = open(self._part(), "wb")  # noqa: SIM115  (closed when the shard is full)
            self._hash = hashlib.blake2b(digest_size=16)
        if not self._inside:
            self._shard["documents"].append(self._shard["tokens"])
        block = np.append(ids, self._eot) if ends else ids
        content = block.astype(self._dtype).tobytes()
        self._file.write(content)
        self._hash.update(content)
        self._shard["tokens"] += len(block)
        self._shard["bytes"] += num_bytes
        self._shard["appends"] += 1
        self._inside = not ends
        if self._shard["tokens"] * self._dtype.itemsize >= self._shard_bytes:
            self._finish_shard()

    def close(self) -> "TokenShards":
        """Finish the stream and open it for reading."""
        if self._file is not None:
            self._finish_shard()
        starts: list[np.ndarray] = [np.zeros(0, np.int64)]
        base = 0
        for shard in self._finished:
            starts.append(np.asarray(shard["documents"], np.int64) + base)
            base += shard["tokens"]
        np.save(self._folder / "documents.npy", np.concatenate(starts))
        flush(self._folder / "documents.npy")
        shards = [{key: shard[key] for key in ("tokens", "bytes", "hash")} for shard in self._finished]
        index = {
            "dtype": self._dtype.name,
            "tokens": base,
            "bytes": sum(shard["bytes"] for shard in self._finished),
            "shards": shards,
        }
        write_atomic(self._folder / "index.json", json.dumps(index, indent=1) + "\n")
        return TokenShards(self._folder)

    def _part(self) -> Path:
        return self._folder / f"{len(self._finished):05}.part"

    def _finish_shard(self) -> None:
        assert self._file is not None
        self._file.close()
        self._file = None
        part = self._part()
        flush(part)
        part.replace(part.with_suffix(".bin"))
        self._shard |= {"inside": self._inside, "hash": self._hash.hexdigest()}
        write_atomic(part.with_suffix(".json"), json.dumps(self._shard))
        self._finished.append(self._shard)
        self._shard = _empty_shard()

    def _finished_shards(self) -> list[dict]:
        """Shards whose description was written: a .part, or a .bin without one, is of a killed process."""
        found: list[dict] = []
        while (description := self._folder / f"{len(found):05}.json").is_file():
            found.append(json.loads(description.read_text(encoding="utf-8")))
        return found


class TokenShards:
    """A finished token stream. num_bytes: UTF-8 bytes of the text it stands for, ends of documents not counted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
            self.document_starts: np.ndarray = np.load(folder / "documents.npy", allow_pickle=False)
            self._dtype = np.dtype(index["dtype"]).newbyteorder("<")
            self._maps = [self._map(i, shard["tokens"]) for i, shard in enumerate(index["shards"])]
        except (OSError, ValueError, KeyError) as error:
            raise ZaohuaError(t("corpus.damaged", path=folder)) from error
        self.num_tokens: int = index["tokens"]
        self.num_bytes: int = index["bytes"]
        self._hashes = [shard["hash"] for shard in index["shards"]]
        self._ends = np.cumsum([len(part) for part in self._maps])
        self._whole: np.ndarray | None = None
        if len(self._maps) == 1 or self.num_tokens * self._dtype.itemsize <= _IN_MEMORY:
            parts = [np.asarray(part) for part in self._maps] or [np.zeros(0, self._dtype)]
            small = self.num_tokens * self._dtype.itemsize <= _IN_MEMORY
            self._whole = np.concatenate(parts) if small else parts[0]

    def read(self, start: int, count: int) -> np.ndarray:
        """Tokens start … start + count, across shards: int64 [count]."""
        if not 0 <= start <= start + count <= self.num_tokens:
            raise IndexError(f"tokens {start}..{start + count} are outside a stream of {self.num_tokens}")
        if self._whole is not None:
            return self._whole[start : start + count].astype(np.int64)
        result = np.empty(count, np.int64)
        done = 0
        shard = int(np.searchsorted(self._ends, start, side="right"))
        while done < count:
            part = self._maps[shard]
            inside = start + done - (int(self._ends[shard]) - len(part))
            piece = part[inside : inside + count - done]
            result[done : done + len(piece)] = piece
            done += len(piece)
            shard += 1
        return result

    def gather(self, starts: np.ndarray, count: int) -> np.ndarray:
        """`count` tokens from each of `starts` (int64 [B]): int64 [B, count]."""
        if self._whole is None:
            return np.stack([self.read(int(start), count) for start in starts])
        if len(starts) and not 0 <= starts.min() <= starts.max() + count <= self.num_tokens:
            raise IndexError(f"windows of {count} tokens reach outside a stream of {self.num_tokens}")
        return np.lib.stride_tricks.sliding_window_view(self._whole, count)[starts].astype(np.int64)

    def count(self, token: int) -> int:
        """How often a token occurs."""
        return sum(int(np.count_nonzero(part == token)) for part in self._maps)

    def verify(self) -> bool:
        """Whether every shard still holds the bytes that were written."""
        return all(
            hashlib.blake2b(part.data, digest_size=16).hexdigest() == expected
            for part, expected in zip(self._maps, self._hashes, strict=True)
        )

    def _map(self, number: int, tokens: int) -> np.ndarray:
        part = np.memmap(self.folder / f"{number:05}.bin", self._dtype, mode="r")
        if len(part) != tokens:
            raise ValueError("a shard is shorter or longer than its index says")
        return part


def _empty_shard() -> dict:
    return {"tokens": 0, "bytes": 0, "appends": 0, "documents": []}
