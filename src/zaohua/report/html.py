"""HTML that escapes by default: text becomes safe on its way in, so no section has to remember it."""

import re
from html import escape


class Html(str):
    """Markup that is already safe."""

    __slots__ = ()


Content = str | None  # plain text is escaped, Html is not, None disappears


def join(*parts: Content) -> Html:
    """The parts one after another."""
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in parts if part is not None))


def tag(name: str, *children: Content, **attributes: str) -> Html:
    """<name attribute="…">children</name>; `class_` stands for class and `_` in other names for a dash."""
    written = "".join(
        f' {"class" if key == "class_" else key.replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
    )
    return Html(f"<{name}{written}>{join(*children)}</{name}>")


def table(head: list[str], rows: list[list[Content]], *, class_: str = "") -> Html:
    """A table whose first column names its rows; it scrolls by itself on a narrow screen."""
    top = tag("tr", *(tag("th", cell, scope="col") for cell in head))
    body = [
        tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:]), class_="row") for row in rows
    ]
    grid = tag("table", tag("thead", top) if any(head) else None, tag("tbody", *body), class_=class_)
    return tag("div", grid, class_="scroll")


def written(*parts: Content, name: str = "span") -> Html:
    """Text as it was written, line breaks kept, marked with its language so that the right glyphs are chosen."""
    text = join(*parts)
    return tag(name, text, class_="written", lang="zh-Hans" if re.search(r"[\u3400-\u9fff]", text) else "en")
