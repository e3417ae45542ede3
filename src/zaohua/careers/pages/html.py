"""A page as one HTML document that needs nothing else."""

from importlib.resources import files
from pathlib import Path

from zaohua.careers.pages.section import Page, Section
from zaohua.errors import UsageError
from zaohua.files import write_atomic
from zaohua.i18n import t
from zaohua.report.charts import plotly_javascript
from zaohua.report.document import document, header
from zaohua.report.html import Html, table, tag


def render(page: Page) -> str:
    """The whole document."""
    lines = [tag("p", sentence, class_="note" if number else "lead") for number, sentence in enumerate(page.lead)]
    return document(
        page.title,
        header(page.title, *lines, brand="zaohua careers"),
        *map(_section, page.sections),
        style=files("zaohua.careers.pages").joinpath("page.css").read_text(encoding="utf-8"),
        script=plotly_javascript() if any(part.chart for part in page.sections) else None,
    )


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
        tag("figure", tag("div", chart(), role="img", aria_label=caption), tag("figcaption", caption))
        if chart
        else None,
        table(list(part.table.head), [list(row) for row in part.table.rows], class_="careers") if part.table else None,
        *(tag("p", note, class_="note") for note in part.notes),
    )
