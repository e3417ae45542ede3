"""Formats of books, pages and office documents."""

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from printing import pdf

from zaohua.data.readers.html import visible_text
from zaohua.data.sources import SourceReport, documents


def test_visible_text() -> None:
    page = """<html><head><title>no</title><style>p{}</style></head><body><script>no()</script>
      <h1>Title</h1><p>One <b>bold</b>
      word&nbsp;&amp; more.</p><p>Two<br>lines</p><ul><li>a<li>b</ul><pre>  kept
    as is</pre><table><tr><td>1</td><td>2</td></tr></table></body></html>"""
    assert (
        visible_text(page) == "Title\n\nOne bold word\xa0& more.\n\nTwo\nlines\n\na\n\nb\n\n  kept\n    as is\n\n1\t2"
    )


def test_deeply_nested_pages_are_read() -> None:
    assert visible_text("<div>" * 5000 + "deep" + "</div>" * 5000).strip() == "deep"


@given(st.lists(st.text("ab 中文", min_size=1).filter(lambda text: text.strip()), min_size=1, max_size=5))
def test_paragraphs_come_back(paragraphs: list[str]) -> None:
    page = "".join(f"<p>{text}</p>" for text in paragraphs)
    assert visible_text(page).split("\n\n") == [" ".join(text.split()) for text in paragraphs]


def epub(chapters: dict[str, str], spine: list[str], prefix: str = "") -> bytes:
    p = prefix
    items = "".join(f'<{p}item id="{n}" href="text/{n}.xhtml" media-type="application/xhtml+xml"/>' for n in chapters)
    order = "".join(f'<{p}itemref idref="{n}"/>' for n in spine)
    space = f"xmlns{':' + p[:-1] if p else ''}"
    package = f'<{p}package {space}="http://www.idpf.org/2007/opf"><{p}manifest>{items}</{p}manifest>'
    package += f"<{p}spine>{order}</{p}spine></{p}package>"
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("OEBPS/book.opf", package)
        for name, text in chapters.items():
            archive.writestr(f"OEBPS/text/{name}.xhtml", f"<html><body><p>{text}</p></body></html>")
    return stream.getvalue()


@pytest.mark.parametrize("prefix", ["", "opf:"])
def test_epub_in_spine_order(tmp_path: Path, prefix: str) -> None:
    (tmp_path / "x.epub").write_bytes(epub({"a": "第二章", "b": "第一章", "c": "not in the spine"}, ["b", "a"], prefix))
    assert [d.text for d in documents(f"file:{tmp_path}/x.epub")] == ["第一章\n\n第二章"]


def test_epub_with_entities_or_paths_outside_is_skipped(tmp_path: Path) -> None:
    good = epub({"a": "text"}, ["a"])
    for number, (old, new) in enumerate(
        [(b"<package", b'<!DOCTYPE p [<!ENTITY x "y">]><package'), (b"text/a.xhtml", b"../../../etc/passwd")]
    ):
        stream = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(good)) as old_book, zipfile.ZipFile(stream, "w") as book:
            for name in old_book.namelist():
                data = old_book.read(name)
                book.writestr(name, data.replace(old, new) if name.endswith(".opf") else data)
        (tmp_path / f"{number}.epub").write_bytes(stream.getvalue())
    (tmp_path / "z.epub").write_bytes(good)
    report = SourceReport()
    assert [d.text for d in documents(f"folder:{tmp_path}", report=report)] == ["text"]
    assert report.skipped == {"malformed": 2}


def test_docx(tmp_path: Path) -> None:
    docx = pytest.importorskip("docx")
    made = docx.Document()
    made.add_paragraph("第一段")
    table = made.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "左", "右"
    made.add_paragraph("last")
    made.save(tmp_path / "x.docx")
    assert [d.text for d in documents(f"file:{tmp_path}/x.docx")] == ["第一段\n左\t右\nlast"]


def test_pdf(tmp_path: Path) -> None:
    pytest.importorskip("pypdf")
    (tmp_path / "a.pdf").write_bytes(pdf("Hello from page one", "And page two"))
    (tmp_path / "scan.pdf").write_bytes(pdf(""))
    report = SourceReport()
    found = [d.text for d in documents(f"folder:{tmp_path}", report=report)]
    assert found == ["Hello from page one\n\nAnd page two"]
    assert report.skipped == {"no_text_layer": 1}


def test_missing_extra_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pypdf", None)
    (tmp_path / "a.pdf").write_bytes(pdf("x"))
    with pytest.raises(ValueError, match=r"pip install 'zaohua\[documents\]'"):
        list(documents(f"file:{tmp_path}/a.pdf"))
