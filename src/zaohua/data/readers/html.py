"""HTML: the text a reader would see, one block a line."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from zaohua.data.document import Document
from zaohua.data.readers.base import SkippedFile, encoding_of
from zaohua.data.report import SourceReport

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_TAGS = {
    "hidden": "script style noscript template head svg math iframe object select button",
    "inline": "a abbr acronym b bdi bdo big cite code data del dfn em font i img input ins kbd label mark q rp rt "
    "ruby s samp small span strike strong sub sup time tt u var wbr",
    "paragraph": "p h1 h2 h3 h4 h5 h6 blockquote pre ul ol table section article",
}
_HIDDEN, _INLINE, _PARAGRAPH = (frozenset(names.split()) for names in _TAGS.values())
_SPACE = re.compile(r"[ \t\r\n\f]+")


def visible_text(html: str) -> str:
    """The text of a page without scripts and styles: paragraphs are set off by a blank line, <pre> stays as it is."""
    from selectolax.lexbor import LexborHTMLParser

    body = LexborHTMLParser(html).body
    if body is None:
        return ""
    parts: list[str] = []
    # An explicit stack: pages nest deeper than Python's recursion goes. A string is put out as it is.
    stack: list[tuple[LexborNode | str, bool]] = [(body, False)]
    while stack:
        node, preformatted = stack.pop()
        if isinstance(node, str):
            parts.append(node)
            continue
        tag = node.tag
        if tag == "-text":
            text = node.text_content or ""
            if not preformatted:
                text = _SPACE.sub(" ", text)
                if not parts or parts[-1].endswith(("\n", "\t", " ")):
                    text = text.lstrip(" ")
            if text:
                parts.append(text)
        elif tag == "br":
            parts.append("\n")
        elif tag not in _HIDDEN:
            edge = "" if tag in _INLINE else "\n\n" if tag in _PARAGRAPH else "\t" if tag in ("td", "th") else "\n"
            inner = preformatted or tag == "pre"
            if edge:
                stack.append((edge, False))
            stack.extend((child, inner) for child in reversed(list(node.iter(include_text=True))))
            if edge and edge != "\t":
                stack.append((edge, False))
    text = re.sub(r"[ \t]+\n", "\n", "".join(parts))
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n").rstrip()


def read_html(stream: BinaryIO, name: str, column: str | None, report: SourceReport) -> Iterator[Document]:
    """A page as one document."""
    data = stream.read()
    if not data.strip():
        raise SkippedFile("empty")
    encoding = encoding_of(data, final=True)
    report.encodings[encoding] += 1
    text = visible_text(data.decode(encoding))
    if not text:
        raise SkippedFile("empty")
    yield Document(text, name)
