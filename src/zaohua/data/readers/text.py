"""Plain text and Markdown."""

import codecs
import re
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

from zaohua.data.document import Document
from zaohua.data.readers.base import SkippedFile, encoding_of
from zaohua.data.report import SourceReport

_WHOLE = 1 << 26  # bytes of a file that still becomes one document; a larger one is cut at line ends
_PART = 1 << 24
_END_OF_TEXT = "<|endoftext|>"  # the mark by which published collections separate documents within one file
_FRONT_MATTER = re.compile(r"\A\s*(---|\+\+\+)[ \t]*\r?\n.*?\n\1[ \t]*(\r?\n|\Z)", re.DOTALL)


def read_text(stream: BinaryIO, name: str, column: str | None, report: SourceReport) -> Iterator[Document]:
    """The file as one document, or several where the end-of-text mark separates them or it is larger than 64 MiB."""
    parts = _parts(stream, report)
    first = next(parts, "")
    second = next(parts, None)
    if second is None and _END_OF_TEXT not in first:
        yield Document(first, name)
        return
    number = 0
    for part in chain((first, second or ""), parts):
        for text in part.split(_END_OF_TEXT):
            if text and not text.isspace():
                number += 1
                yield Document(text.strip("\r\n"), f"{name}#{number}")


def _parts(stream: BinaryIO, report: SourceReport) -> Iterator[str]:
    """The decoded text, in parts that end with a document or at a line end if the file is large."""
    data = stream.read(_WHOLE)
    if not data.strip():
        raise SkippedFile("empty")
    encoding = encoding_of(data, final=len(data) < _WHOLE)
    report.encodings[encoding] += 1
    if len(data) < _WHOLE:
        yield data.decode(encoding)
        return
    # ASCII so far may be UTF-8 later on: the latter reads both.
    decoder = codecs.getincrementaldecoder("utf-8" if encoding == "ascii" else encoding)()
    waiting = ""
    while data:
        try:
            waiting += decoder.decode(data)
        except UnicodeDecodeError as error:
            raise SkippedFile("undecodable", encoding) from error
        cut = _last_end(waiting)
        if cut:
            yield waiting[:cut]
            waiting = waiting[cut:]
        data = stream.read(_PART)
    if waiting:
        yield waiting


def _last_end(text: str) -> int:
    """Where the last whole document, else paragraph, else line of `text` ends; 0 if nowhere."""
    for end in (_END_OF_TEXT, "\n\n", "\n"):
        position = text.rfind(end)
        if position > len(text) // 2 or (position >= 0 and end == "\n"):
            return position + len(end)
    return 0


def read_markdown(stream: BinaryIO, name: str, column: str | None, report: SourceReport) -> Iterator[Document]:
    """Markdown as it is written, without the YAML or TOML block in front."""
    for document in read_text(stream, name, column, report):
        yield Document(_FRONT_MATTER.sub("", document.text, count=1), document.name)
