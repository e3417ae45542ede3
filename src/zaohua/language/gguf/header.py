"""The header of a GGUF file (ggml's docs/gguf.md): metadata, and where every tensor lies.

Read here, and not by the `gguf` library, because every length is compared with the file's before anything is made of
it: a damaged or hostile file is refused in one line, without a loop or an allocation that it asks for.
"""

import mmap
import struct
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
from gguf.quants import dequantize
from torch import Tensor

from zaohua.errors import ZaohuaError, one_line
from zaohua.i18n import t
from zaohua.language.gguf.names import turn_back

_MAGIC, _VERSIONS = b"GGUF", (2, 3)
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_FLOAT32, _STRING, _ARRAY = 6, 8, 9
_MOST_DIMENSIONS = 4
_SMALLEST_ENTRY = 8 + 4 + 8  # bytes of a tensor's entry without its name and dimensions
_PLAIN = {"F32": np.float32, "F16": np.float16, "F64": np.float64}
_PACKED = ("BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS")


@dataclass(frozen=True)
class SavedTensor:
    """A tensor in a GGUF file, known by its entry in the header until it is read.

    heads: its rows are those of so many heads whose rotary pairs lie side by side, as llama.cpp turns them; our blocks
    and transformers turn halves. 0: nothing to undo.
    """

    file: Path
    name: str
    shape: tuple[int, ...]
    kind: GGMLQuantizationType
    offset: int  # from the beginning of the file
    heads: int = 0

    def check(self) -> None:
        """Refuse numbers that cannot be read."""
        if self.kind.name not in (*_PLAIN, *_PACKED):
            raise ZaohuaError(t("hub.unsupported", path=self.file, key=self.name, value=self.kind.name))

    def read(self) -> Tensor:
        """Its numbers in fp32."""
        self.check()
        block, size = GGML_QUANT_SIZES[self.kind]
        rows = (*self.shape[:-1], self.shape[-1] // block * size)
        raw = np.memmap(self.file, np.uint8, "r", self.offset, shape=(prod(rows),)).reshape(rows)
        plain = _PLAIN.get(self.kind.name)
        with np.errstate(all="ignore"):  # a damaged scale gives NaN, which whoever asked looks for
            numbers = raw.view(plain) if plain else dequantize(raw, self.kind)
        tensor = torch.from_numpy(np.array(numbers, np.float32))
        return turn_back(tensor, self.heads)


@dataclass(frozen=True)
class Header:
    """metadata: numbers, truths, texts, and lists of them."""

    metadata: dict[str, Any]
    tensors: dict[str, SavedTensor]


def read_header(path: Path) -> Header:
    """The header of a file. Raises ZaohuaError for one that is no GGUF, is damaged, or ends too early."""
    try:
        with path.open("rb") as file:
            if file.read(4) != _MAGIC:
                raise ZaohuaError(t("gguf.not_gguf", path=path))
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                return _Reader(path, content).header()
    except (struct.error, ValueError, IndexError, OverflowError, OSError) as error:
        if isinstance(error, ZaohuaError):
            raise
        raise ZaohuaError(t("gguf.damaged", path=path, reason=one_line(error))) from error


class _Reader:
    """A place in the file that moves on; whatever lies beyond the file's end raises."""

    def __init__(self, path: Path, content: mmap.mmap) -> None:
        self.path, self.content, self.place = path, content, 4

    def header(self) -> Header:
        version = self.number("I")
        if version not in _VERSIONS:
            raise ValueError(f"version {version}")
        num_tensors, num_values = self.number("Q"), self.number("Q")
        metadata: dict[str, Any] = {}
        for _ in range(self.fitting(num_values, 8 + 4 + 1)):
            key = self.text()
            if key in metadata:
                raise ValueError(f"{key} twice")
            metadata[key] = self.value(self.number("I"))
        entries = [self.entry() for _ in range(self.fitting(num_tensors, _SMALLEST_ENTRY))]
        alignment = metadata.get("general.alignment", 32)
        if not isinstance(alignment, int) or not 0 < alignment <= 1 << 20:
            raise ValueError(f"general.alignment = {alignment}")
        start = -(-self.place // alignment) * alignment
        tensors = {entry[0]: self.tensor(*entry, start) for entry in entries}
        if len(tensors) < len(entries):
            raise ValueError("two tensors of one name")
        return Header(metadata, tensors)

    def number(self, code: str) -> Any:
        (value,) = struct.unpack_from("<" + code, self.content, self.place)
        self.place += struct.calcsize("<" + code)
        return value

    def fitting(self, count: int, size: int) -> int:
        """The count, if so many things of at least this size can follow."""
        if count * size > len(self.content) - self.place:
            raise ValueError(f"{count} entries in {len(self.content)} bytes")
        return count

    def text(self) -> str:
        length = self.fitting(self.number("Q"), 1)
        self.place += length
        return self.content[self.place - length : self.place].decode("utf-8")

    def value(self, kind: int) -> Any:
        if kind == _STRING:
            return self.text()
        if kind == _ARRAY:
            return self.array()
        if kind not in _SCALARS:
            raise ValueError(f"a value of kind {kind}")
        number = self.number(_SCALARS[kind])
        return float(str(np.float32(number))) if kind == _FLOAT32 else number  # 1e-05, as whoever wrote it meant

    def array(self) -> list[Any]:
        kind, count = self.number("I"), self.number("Q")
        if kind == _STRING:
            return [self.text() for _ in range(self.fitting(count, 8))]
        if kind not in _SCALARS:
            raise ValueError(f"a list of kind {kind}")
        code = f"<{self.fitting(count, struct.calcsize('<' + _SCALARS[kind]))}{_SCALARS[kind]}"
        values = struct.unpack_from(code, self.content, self.place)
        self.place += struct.calcsize(code)
        return list(values)

    def entry(self) -> tuple[str, tuple[int, ...], GGMLQuantizationType, int]:
        name, dimensions = self.text(), self.number("I")
        if not 1 <= dimensions <= _MOST_DIMENSIONS:
            raise ValueError(f"{name} with {dimensions} dimensions")
        shape = tuple(self.number("Q") for _ in range(dimensions))[::-1]  # the fastest first, in the file
        return name, shape, GGMLQuantizationType(self.number("I")), self.number("Q")

    def tensor(
        self, name: str, shape: tuple[int, ...], kind: GGMLQuantizationType, offset: int, start: int
    ) -> SavedTensor:
        block, size = GGML_QUANT_SIZES[kind]
        count = prod(shape)
        if shape[-1] % block or count == 0:
            raise ValueError(f"{name} of shape {shape}")
        if start + offset + count // block * size > len(self.content):
            raise ValueError(t("gguf.ends_early", name=name))
        return SavedTensor(self.path, name, shape, kind, start + offset)
