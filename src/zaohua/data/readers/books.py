"""Books and office documents: EPUB, Word, PDF."""

import logging
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import unquote
from xml.etree import ElementTree

from zaohua.data.document import Document
from zaohua.data.readers.archives import open_archive, size_of
from zaohua.data.readers.base import SkippedFile, encoding_of
from zaohua.data.readers.html import visible_text
from zaohua.data.report import SourceReport

_EXTRA = "zaohua[documents]"


def read_epub(stream: BinaryIO, name: str, column: str | None, report: SourceReport) -> Iterator[Document]:
    """A book as one document, its chapters in reading order."""
    with open_archive(stream, size_of(stream)) as archive:
        try:
            package = _rootfile(archive)
            chapters = [visible_text(_decode(archive.read(path))) for path in _spine(archive, package)]
        except (KeyError, ElementTree.ParseError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
            raise SkippedFile("malformed", str(error)) from error
    text = "\n\n".join(chapter for chapter in chapters if chapter)
    if not text:
        raise SkippedFile("empty")
    report.encodings["epub"] += 1
    yield Document(text, name)


def _decode(data: bytes) -> str:
    return data.decode(encoding_of(data, final=True)) if data.strip() else ""


def _xml(data: bytes) -> ElementTree.Element:
    """Parsed XML; documents that define entities are refused, since those can grow without bound."""
    if b"<!ENTITY" in data:
        raise SkippedFile("malformed", "XML entities")
    return ElementTree.fromstring(data)


def _rootfile(archive: zipfile.ZipFile) -> str:
    """Path of the package file (EPUB 3.3, section 4.2.6.3.1)."""
    container = _xml(archive.read("META-INF/container.xml"))
    for element in container.iter("{urn:oasis:names:tc:opendocument:xmlns:container}rootfile"):
        return element.attrib["full-path"]
    raise SkippedFile("malformed", "META-INF/container.xml")


def _spine(archive: zipfile.ZipFile, package: str) -> list[str]:
    """Paths of the content documents in reading order (EPUB 3.3, section 5.7)."""
    space = "{http://www.idpf.org/2007/opf}"
    root = _xml(archive.read(package))
    items = {item.attrib["id"]: item.attrib["href"] for item in root.iter(f"{space}item")}
    order = [items[reference.attrib["idref"]] for reference in root.iter(f"{space}itemref")]
    folder = posixpath.dirname(package)
    # Members are looked up by name inside the archive; a path that leaves it names nothing there.
    return [posixpath.normpath(posixpath.join(folder, unquote(href.partition("#")[0]))) for href in order]


def read_docx(stream: BinaryIO, name: str, column: str | None, report: SourceReport) -> Iterator[Document]:
    """A Word document: paragraphs and table rows in order."""
    open_archive(stream, size_of(stream))
    stream.seek(0)
    try:
        import docx
        from docx.table import Table
    except ImportError as error:
        raise SkippedFile("extra", _EXTRA) from error
    try:
        content = list(docx.Document(stream).iter_inner_content())
    except Exception as error:  # a damaged file raises whatever its XML happens to break
        raise SkippedFile("malformed", str(error).partition("\n")[0]) from error
    lines: list[str] = []
    for item in content:
        if isinstance(item, Table):
            lines.extend("\t".join(cell.text for cell in row.cells) for row in item.rows)
        else:
            lines.append(item.text)
    text = "\n".join(lines)
    if not text.strip():
        raise SkippedFile("empty")
    report.encodings["docx"] += 1
    yield Document(text, name)


def read_pdf(stream: BinaryIO, name: str, column: str | None, report: SourceReport) -> Iterator[Document]:
    """The text of a PDF's pages; scanned pages hold none."""
    try:
        import pypdf
    except ImportError as error:
        raise SkippedFile("extra", _EXTRA) from error
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it comments on every oddity; the report says what matters
    try:
        reader = pypdf.PdfReader(stream)
        if reader.is_encrypted and not reader.decrypt(""):
            raise SkippedFile("encrypted")
        text = "\n\n".join(page.extract_text() for page in reader.pages)
    except SkippedFile:
        raise
    except Exception as error:  # a damaged file raises whatever its objects happen to break
        raise SkippedFile("malformed", str(error).partition("\n")[0]) from error
    if not text.strip():
        raise SkippedFile("no_text_layer")
    report.encodings["pdf"] += 1
    yield Document(text, name)
