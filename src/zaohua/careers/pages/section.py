"""The parts of a page."""

from collections.abc import Callable
from dataclasses import dataclass, field

from zaohua.careers import store
from zaohua.i18n import language, t
from zaohua.report.html import Html

MODEL = ("gpts", "onet")  # publications that our exposure model was fitted on, beside labels of our own


@dataclass(frozen=True)
class Table:
    """A table: names of the columns, and rows of text; the first column names things."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Section:
    """A heading, sentences, lines of a list, a table, notes below it, and (HTML only) a chart with its caption."""

    title: str
    sentences: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    table: Table | None = None
    notes: tuple[str, ...] = ()
    chart: tuple[str, Callable[[], Html]] | None = field(default=None, compare=False)
    tables: tuple[str, ...] = ()  # shipped tables its numbers come from
    publications: tuple[str, ...] = ()  # what they come from besides, as the labels behind our model


@dataclass(frozen=True)
class Page:
    """A title, what holds for the whole page, and its sections."""

    title: str
    lead: tuple[str, ...]
    sections: tuple[Section, ...]

    def sentences(self) -> list[str]:
        """Every piece of text on the page, for the test of its words."""
        found = [self.title, *self.lead]
        for part in self.sections:
            found += [part.title, *part.sentences, *part.lines, *part.notes]
            if part.table:
                found += [*part.table.head, *(cell for row in part.table.rows for cell in row)]
        return [text for text in found if text]


def sources(sections: tuple[Section, ...]) -> Section:
    """The section that says where the numbers of the others are from, with the notices that licences ask for."""
    names = dict.fromkeys(
        name
        for part in sections
        for name in (*(source.id for table in part.tables for source in store.source_of(table)), *part.publications)
    )
    known = [store.sources()[name] for name in dict.fromkeys(("own", *names))]
    lines = [
        t("careers.source_line", date=_date(one), **one.named(language()))
        + (f" {one.notice}" if one.notice else "")
        + f" {one.url}"
        for one in known
    ]
    return Section(t("careers.section_sources"), (t("careers.sources_lead"),), tuple(lines))


def _date(source: store.Source) -> str:
    return t("careers.fetched", date=source.fetched) if source.fetched else source.date


def number(value: float | None, digits: int = 0, sign: bool = False) -> str:
    """A number with commas between thousands and a minus sign, not a hyphen; a dash for none."""
    if value is None:
        return t("careers.unknown_number")
    return f"{value:{'+' if sign else ''},.{digits}f}".replace("-", "−")
