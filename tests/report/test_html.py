"""Markup that escapes by default."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from zaohua.report.html import Html, join, table, tag

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)


class Reader(HTMLParser):
    """What a browser would see: tags with attributes, and text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@given(TEXT, TEXT)
def test_text_and_attributes_come_out_as_they_went_in(text, value):
    read = Reader(tag("p", text, title=value))
    assert read.tags == [("p", {"title": value})]
    assert read.text == text


@given(st.lists(TEXT, max_size=4))
def test_markup_passes_once_and_text_is_escaped_once(texts):
    inner = join(*texts)
    assert join(inner) == inner
    assert Reader(tag("div", inner)).text == "".join(texts)


def test_nothing_disappears_but_none():
    assert tag("p", None, "", Html("<br>")) == "<p><br></p>"
    assert tag("p", class_="a", data_x="1") == '<p class="a" data-x="1"></p>'


def test_a_table_names_its_rows():
    read = Reader(table(["", "<n>"], [["<row>", "1"]]))
    assert [name for name, _ in read.tags] == ["div", "table", "thead", "tr", "th", "th", "tbody", "tr", "th", "td"]
    assert read.text == "<n><row>1"
