"""The page around the sections of a run's report."""

from zaohua.i18n import catalogue, language, t
from zaohua.report.charts import plotly_javascript
from zaohua.report.document import document, header
from zaohua.report.html import tag
from zaohua.report.record import Record
from zaohua.report.sections import SECTIONS


def render(record: Record) -> str:
    """The whole report as one HTML document that needs nothing else."""
    name = record.folder.resolve().name
    task, known = record.recipe.get("task"), catalogue(language(), "report")
    title = t("report.title", name=name)
    body = [found for section in SECTIONS if (found := section(record)) is not None]
    top = header(title, tag("p", known[f"task_{task}"], class_="note") if f"task_{task}" in known else None)
    footer = tag("footer", tag("p", t("report.ai_notice")))
    return document(title, top, *body, footer, script=plotly_javascript())
