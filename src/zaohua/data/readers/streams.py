"""Byte streams between the disk and the readers."""

import gzip
import io
from pathlib import Path
from typing import BinaryIO

from zaohua.data.readers.archives import too_large
from zaohua.data.readers.base import SkippedFile
from zaohua.data.report import SourceReport


class CountedFile(io.FileIO):
    """A file that tells the report how far it has been read."""

    def __init__(self, path: Path, report: SourceReport) -> None:
        super().__init__(path)
        self._report, self._before = report, report.bytes_read

    def readinto(self, buffer: object) -> int:
        count = super().readinto(buffer)  # type: ignore[arg-type]
        self._report.bytes_read = max(self._report.bytes_read, self._before + self.tell())
        return count


class Gunzipped(io.RawIOBase):
    """A gzip stream, unpacked as it is read, that refuses to grow beyond anything real."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._unpacked, self._packed_size = gzip.GzipFile(fileobj=file), size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._unpacked.seek(offset, whence)

    def tell(self) -> int:
        return self._unpacked.tell()

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        data = self._unpacked.read(len(view))
        if too_large(self._unpacked.tell(), self._packed_size):
            raise SkippedFile("bomb")
        view[: len(data)] = data
        return len(data)
