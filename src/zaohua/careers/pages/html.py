"""A page as one HTML document that needs nothing else."""

from importlib.resources import files
from pathlib import Path

from plotly.offline import get_plotlyjs

from zaohua.careers.pages.section import Page, Section
from zaohua.errors import UsageError
from zaohua.files import write_atomic
from zaohua.i18n import language, t
from zaohua.report.html import Html, join, table, tag

# Charts are drawn while the page is still being laid out; at the end each takes the width its place really has.
_FIT_CHARTS = Html("<script>addEventListener('load', () => dispatchEvent(new Event('resize')))</script>")


def render(page: Page) -> str:
    """The whole document."""
    style = files("zaohua.report").joinpath("style.css").read_text(encoding="utf-8")
    own = files("zaohua.careers.pages").joinpath("page.css").read_text(encoding="utf-8")
    head = tag(
        "head",
        Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark"><meta name="generator" content="zaohua">'),
        tag("title", page.title),
        tag("style", Html(style + own)),
        Html(f"<script>{get_plotlyjs()}</script>") if any(part.chart for part in page.sections) else None,
    )
    header = tag(
        "header",
        tag("p", join("造化 ", tag("span", "zaohua careers")), class_="brand"),
        tag("h1", page.title),
        *(tag("p", sentence, class_="lead" if number == 0 else "note") for number, sentence in enumerate(page.lead)),
    )
    body = tag("body", tag("main", header, *(_section(part) for part in page.sections)), _FIT_CHARTS)
    return "<!doctype html>\n" + tag("html", head, body, lang="zh-Hans" if language() == "zh" else "en")


def write(page: Page, path: Path) -> None:
    """Write the document to `path`; UsageError if that is no .html file or cannot be written."""
    if path.suffix.lower() not in (".html", ".htm") or path.is_dir():
        raise UsageError(t("careers.bad_html", path=path))
    try:
        write_atomic(path, render(page))
    except OSError as error:
        raise UsageError(t("careers.bad_html", path=path)) from error


def _section(part: Section) -> Html:
    caption, chart = part.chart or ("", None)
    return tag(
        "section",
        tag("h2", part.title),
        *(tag("p", sentence) for sentence in part.sentences),
        tag("ul", *(tag("li", line) for line in part.lines)) if part.lines else None,
        tag("figure", chart(), tag("figcaption", caption)) if chart else None,
        table(list(part.table.head), [list(row) for row in part.table.rows], class_="careers") if part.table else None,
        *(tag("p", note, class_="note") for note in part.notes),
    )
