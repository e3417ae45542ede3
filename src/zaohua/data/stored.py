"""The files of a folder or an archive, one by one: what sources of pictures, sounds and clips are made of.

Every file that is not hidden is there, whatever its name: content decides what it is. Archives are read in memory, so
no name in one can reach anything on the disk.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO
from zipfile import ZipFile, ZipInfo

from zaohua.data.readers.archives import members, open_archive, size_of, unpacked
from zaohua.data.readers.base import SkippedFile
from zaohua.data.readers.tars import tar_members
from zaohua.data.report import SourceReport
from zaohua.data.sources import files_under
from zaohua.errors import ZaohuaError
from zaohua.i18n import t


@dataclass(frozen=True, slots=True)
class Stored:
    """One file of a source. name: its path inside; open: its seekable stream, from any thread, or SkippedFile."""

    name: str
    open: Callable[[], AbstractContextManager[BinaryIO]]

    @property
    def folder(self) -> str:
        """The folders it lies in, such as "birds/owl"; "" for none."""
        return self.name.rpartition("/")[0]


@contextmanager
def stored_files(kind: str, path: Path, report: SourceReport) -> Iterator[list[Stored]]:
    """The files of a source of the kind "folder", "zip" or "tar", sorted by name, to be opened within the block.

    report: takes what cannot be listed. ZaohuaError if the archive is none.
    """
    with readable(path):
        if kind == "folder":
            files = files_under(path, report)
            yield [stored_file(path, file) for file in files]
        elif kind == "tar":
            yield [Stored(name, partial(_opened_part, path, start, size)) for name, start, size in tar_members(path)]
        else:
            with path.open("rb") as file, open_archive(file, size_of(file)) as archive:
                yield [Stored(name, partial(_opened_member, archive, member)) for name, member in members(archive)]


def stored_file(folder: Path, file: Path) -> Stored:
    """A file that lies somewhere under a folder."""
    return Stored(file.relative_to(folder).as_posix(), partial(_opened_file, file))


def refuse_special(path: Path) -> None:
    """Raise SkippedFile for a pipe or a device: reading it might wait for ever. What is not there may pass."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise SkippedFile("special")


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """A file that was named by itself and cannot be read is an error of one line."""
    try:
        yield
    except SkippedFile as skipped:
        reason = t(f"data.skip_{skipped.reason}") + (f": {skipped.detail}" if skipped.detail else "")
        raise ZaohuaError(t("data.unreadable", path=path, reason=reason)) from skipped
    except OSError as error:
        raise ZaohuaError(t("data.unreadable", path=path, reason=error.strerror or error)) from error


@contextmanager
def _opened_file(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as file:
            if not size_of(file):
                raise SkippedFile("empty")
            yield file
    except OSError as error:
        raise SkippedFile("unreadable", error.strerror or str(error)) from error


@contextmanager
def _opened_part(path: Path, start: int, size: int) -> Iterator[BinaryIO]:
    if not size:
        raise SkippedFile("empty")
    with _opened_file(path) as file:
        file.seek(start)
        data = file.read(size)
    if len(data) < size:
        raise SkippedFile("malformed")
    yield io.BytesIO(data)


@contextmanager
def _opened_member(archive: ZipFile, member: ZipInfo) -> Iterator[BinaryIO]:
    if not member.file_size:
        raise SkippedFile("empty")
    with unpacked(archive, member) as stream:
        data = stream.read()
    yield io.BytesIO(data)
