"""The HTML document around a page: one file that needs nothing else."""

from importlib.resources import files

from zaohua.i18n import language
from zaohua.report.html import Content, Html, join, tag

# Charts are drawn while the page is still being laid out; at the end each takes the width its place really has.
_FIT_CHARTS = Html("<script>addEventListener('load', () => dispatchEvent(new Event('resize')))</script>")


def document(title: str, *body: Content, style: str = "", script: Html | None = None) -> str:
    """The document of this title. body: its header and sections; style: CSS beside that of all pages; script: what the
    charts need, None for a page without them."""
    shared = files("zaohua.report").joinpath("style.css").read_text(encoding="utf-8")
    head = tag(
        "head",
        Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark"><meta name="generator" content="zaohua">'),
        tag("title", title),
        tag("style", Html(shared + style)),
        script,
    )
    content = tag("body", tag("main", *body), _FIT_CHARTS)
    return "<!doctype html>\n" + tag("html", head, content, lang="zh-Hans" if language() == "zh" else "en")


def header(title: str, *lines: Content, brand: str = "zaohua") -> Html:
    """The top of a page: whose it is, what it is called, and lines below that."""
    return tag("header", tag("p", join("造化 ", tag("span", brand)), class_="brand"), tag("h1", title), *lines)
