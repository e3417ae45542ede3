"""Zip archives opened with limits: what was not made to be read is refused before it fills the memory."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO

from zaohua.data.encodings import detect
from zaohua.data.readers.base import SkippedFile

_RATIO = 200  # text rarely shrinks twentyfold; a bomb grows a thousandfold
_SLACK = 1 << 24  # bytes any archive may unpack to, whatever the ratio
_TOTAL = 1 << 36  # bytes at most


def too_large(unpacked: int, packed: int) -> bool:
    """Whether so many bytes out of so few are beyond anything real."""
    return unpacked > _TOTAL or unpacked > _SLACK + _RATIO * packed


def open_archive(stream: BinaryIO, size: int) -> zipfile.ZipFile:
    """The archive in a seekable stream of `size` bytes; SkippedFile if it is no archive or unpacks to too much.

    A member never yields more bytes than the directory declares (zipfile's own rule), so the sum over the directory
    is the most that can come out.
    """
    try:
        archive = zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise SkippedFile("malformed", str(error)) from error
    if too_large(sum(member.file_size for member in archive.infolist()), size):
        raise SkippedFile("bomb")
    return archive


def size_of(stream: BinaryIO) -> int:
    """Bytes in a seekable stream, which is left at its beginning."""
    size = stream.seek(0, 2)
    stream.seek(0)
    return size


def member_name(member: zipfile.ZipInfo) -> str:
    """The member's name, with Chinese names of archives that predate the Unicode flag put right. For display only."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        raw = member.filename.encode("cp437")  # what zipfile takes such names for
        return raw.decode(detect(raw) or "cp437")
    except UnicodeError:
        return member.filename


def members(archive: zipfile.ZipFile) -> list[tuple[str, zipfile.ZipInfo]]:
    """The files in an archive with their names, sorted; hidden ones and what macOS adds are left out."""
    named = {member_name(member): member for member in archive.infolist() if not member.is_dir()}
    return [(name, member) for name, member in sorted(named.items()) if not is_hidden(name)]


def is_hidden(name: str) -> bool:
    """Whether a path inside an archive is hidden, or one that macOS adds."""
    return any(part.startswith((".", "__MACOSX")) and part not in (".", "..") for part in name.split("/"))


@contextmanager
def unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
    """One file as a stream, never on the disk; SkippedFile if it is encrypted or turns out damaged while it is read."""
    if member.flag_bits & 1:
        raise SkippedFile("encrypted")
    try:
        with archive.open(member) as stream:
            yield stream
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError) as error:
        raise SkippedFile("malformed", str(error)) from error
