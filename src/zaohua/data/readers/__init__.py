"""Reading files of every supported format: one function a format, chosen by the file's extension."""

from collections.abc import Callable, Iterator
from typing import BinaryIO

from zaohua.data.document import Document
from zaohua.data.readers.base import SkippedFile
from zaohua.data.readers.books import read_docx, read_epub, read_pdf
from zaohua.data.readers.html import read_html
from zaohua.data.readers.tables import read_csv, read_jsonl, read_parquet
from zaohua.data.readers.text import read_markdown, read_text
from zaohua.data.report import SourceReport

Reader = Callable[[BinaryIO, str, str | None, SourceReport], Iterator[Document]]

_PLAIN = (
    "txt text rst tex log srt toml yaml yml "
    "py pyi js ts jsx tsx java c h cc cpp hpp cs go rs rb php sh sql r lua kt swift scala"
)
_READERS: dict[str, Reader] = {
    **dict.fromkeys(_PLAIN.split(), read_text),
    "md": read_markdown,
    "markdown": read_markdown,
    "html": read_html,
    "htm": read_html,
    "xhtml": read_html,
    "jsonl": read_jsonl,
    "ndjson": read_jsonl,
    "json": read_jsonl,
    "csv": read_csv,
    "tsv": read_csv,
    "parquet": read_parquet,
    "epub": read_epub,
    "docx": read_docx,
    "pdf": read_pdf,
}
SEEKING = frozenset((read_parquet, read_epub, read_docx, read_pdf))  # need the whole file at hand, not a stream
TABLES: dict[str, Reader] = {"jsonl": read_jsonl, "csv": read_csv, "parquet": read_parquet}

__all__ = ["SEEKING", "TABLES", "Reader", "SkippedFile", "reader_for"]


def reader_for(name: str) -> tuple[Reader | None, bool]:
    """The reader for a file of this name, or None, and whether the file is gzip-compressed (a trailing .gz)."""
    lower = name.lower()
    compressed = lower.endswith(".gz")
    stem = lower.removesuffix(".gz")
    extension = stem.rpartition(".")[2] if "." in stem else ""
    return _READERS.get(extension), compressed
