"""Files of tar archives by their places."""

import io
import tarfile

import pytest

from zaohua.data.readers.base import SkippedFile
from zaohua.data.readers.tars import tar_members
from zaohua.data.report import SourceReport
from zaohua.data.stored import stored_files


def added(tar: tarfile.TarFile, name: str, data: bytes, kind: bytes = tarfile.REGTYPE) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = len(data), kind, "/etc/passwd"
    tar.addfile(info, io.BytesIO(data))


def test_plain_files_are_read_and_nothing_else(tmp_path):
    path = tmp_path / "data.tar"
    with tarfile.open(path, "w") as tar:
        added(tar, "./b/2.txt", b"two")
        added(tar, "a/1.txt", b"one")
        added(tar, "empty.txt", b"")
        added(tar, ".hidden/x.txt", b"hidden")
        for number, kind in enumerate((tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE)):
            added(tar, f"link{number}", b"", kind)
    with stored_files("tar", path, SourceReport()) as files:
        assert [file.name for file in files] == ["a/1.txt", "b/2.txt", "empty.txt"]
        contents = []
        for file in files[:2]:
            with file.open() as stream:
                contents.append(stream.read())
        assert contents == [b"one", b"two"]
        with pytest.raises(SkippedFile, match="empty"), files[2].open():
            pass


def test_what_is_no_plain_tar_or_cut_short_is_refused(tmp_path):
    with tarfile.open(tmp_path / "packed.tar", "w:gz") as tar:
        added(tar, "a.txt", b"one")
    (tmp_path / "text.tar").write_text("no archive")
    for name in ("packed.tar", "text.tar"):
        with pytest.raises(SkippedFile, match="malformed"):
            tar_members(tmp_path / name)
    with tarfile.open(tmp_path / "whole.tar", "w") as tar:
        added(tar, "a.bin", bytes(5000))
    (tmp_path / "cut.tar").write_bytes((tmp_path / "whole.tar").read_bytes()[:2000])
    try:
        ((name, start, size),) = tar_members(tmp_path / "cut.tar")
    except SkippedFile:
        return
    with stored_files("tar", tmp_path / "cut.tar", SourceReport()) as (file,):
        assert start + size > 2000
        with pytest.raises(SkippedFile, match="malformed"), file.open():
            pass
