"""The page around the sections."""

from importlib.resources import files

from zaohua.i18n import catalogue, language, t
from zaohua.report.charts import plotly_javascript
from zaohua.report.html import Html, join, tag
from zaohua.report.record import Record
from zaohua.report.sections import SECTIONS

# Charts are drawn while the page is still being laid out; at the end each takes the width its place really has.
_FIT_CHARTS = Html("<script>addEventListener('load', () => dispatchEvent(new Event('resize')))</script>")


def render(record: Record) -> str:
    """The whole report as one HTML document that needs nothing else."""
    name = record.folder.resolve().name
    task, known = record.recipe.get("task"), catalogue(language(), "report")
    title = t("report.title", name=name)
    body = [found for section in SECTIONS if (found := section(record)) is not None]
    style = files("zaohua.report").joinpath("style.css").read_text(encoding="utf-8")
    head = tag(
        "head",
        Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark"><meta name="generator" content="zaohua">'),
        tag("title", title),
        tag("style", Html(style)),
        plotly_javascript(),
    )
    header = tag(
        "header",
        tag("p", join("造化 ", tag("span", "zaohua")), class_="brand"),
        tag("h1", title),
        tag("p", known[f"task_{task}"], class_="note") if f"task_{task}" in known else None,
    )
    footer = tag("footer", tag("p", t("report.ai_notice")))
    content = tag("body", tag("main", header, *body, footer), _FIT_CHARTS)
    lang = "zh-Hans" if language() == "zh" else "en"
    return "<!doctype html>\n" + tag("html", head, content, lang=lang)
