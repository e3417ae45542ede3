"""What readers share: the reasons for which a file is left out, and decoding."""

import io
from typing import BinaryIO

from zaohua.data.encodings import detect
from zaohua.data.report import SourceReport

_HEAD = 1 << 20  # bytes of a table looked at to tell its encoding


class SkippedFile(Exception):
    """This file cannot be read. reason: a key `skip_REASON` of the catalogue; detail: what exactly, in a few words."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail


def encoding_of(data: bytes, *, final: bool) -> str:
    """The encoding of a file from its bytes (its beginning, unless final); SkippedFile if there is none."""
    encoding = detect(data, final=final)
    if encoding is None:
        raise SkippedFile("binary" if b"\0" in data[:_HEAD] else "undecodable")
    return encoding


def decoded_lines(stream: BinaryIO, report: SourceReport) -> io.TextIOWrapper:
    """A text stream over a seekable binary one, in the encoding that its first megabyte shows. Line ends are kept."""
    head = stream.read(_HEAD)
    if not head.strip():
        raise SkippedFile("empty")
    encoding = encoding_of(head, final=len(head) < _HEAD)
    report.encodings[encoding] += 1
    stream.seek(0)
    # ASCII so far may be UTF-8 later on: the latter reads both.
    return io.TextIOWrapper(stream, "utf-8" if encoding == "ascii" else encoding, newline="")
