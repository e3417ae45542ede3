"""A journey of several acts: what those beside the first have left in folders below the run's."""

from pathlib import Path

from zaohua.i18n import catalogue, language, t
from zaohua.report.html import Html, tag
from zaohua.report.pictures import sheet
from zaohua.report.record import Record, read_record


def acts(record: Record) -> Html | None:
    """Of each such run its newest sheet of samples and the way to its own report, of what was made without a run the
    sheet and its page; None if there is none."""
    runs = [act for path in sorted(record.folder.glob("*/recipe.toml")) if (act := _act(path.parent)) is not None]
    found = [*runs, *(_made(path) for path in sorted(record.folder.glob("*/page.html")))]
    return tag("section", tag("h2", t("report.acts_title")), *found, id="acts") if found else None


def _act(folder: Path) -> Html | None:
    sheets = sorted((folder / "samples").glob("step-*-0.png"))
    if not sheets:
        return None
    name = f"task_{read_record(folder).recipe.get('task')}"
    known = catalogue(language(), "report")
    link = tag("a", t("report.acts_link"), href=f"{folder.name}/report.html")
    title = tag("p", known[name], class_="note") if name in known else None
    return tag("article", title, sheet(sheets[-1], t("report.made_by_ai")), tag("p", link))


def _made(page: Path) -> Html:
    link = tag("a", t("report.acts_page"), href=f"{page.parent.name}/{page.name}")
    sheets = (sheet(path, t("report.made_by_ai")) for path in sorted(page.parent.glob("*.png")))
    return tag("article", *sheets, tag("p", link))
