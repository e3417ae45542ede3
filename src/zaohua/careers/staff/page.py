"""The staff report as a page."""

import plotly.graph_objects as go

from zaohua.careers.exposure.people import without_names
from zaohua.careers.occupations import occupations
from zaohua.careers.pages import charts
from zaohua.careers.pages.section import MODEL, Page, Section, Table, number, sources
from zaohua.careers.staff.hours import FEWEST, RATES, TODAY, YEARS, Hours, StaffReport, uptake
from zaohua.i18n import t
from zaohua.report.html import Html

_TABLES = ("occupations",)


def page(report: StaffReport) -> Page:
    """Totals, roles, groups, scenarios, and what could not be matched."""
    sections = [_total(report)]
    if report.roles:
        sections.append(_parts(t("staff.by_role"), t("staff.occupation"), report.roles))
    if report.groups:
        sections.append(_parts(t("staff.by_group"), t("staff.group"), report.groups))
    if report.total:
        sections.append(_scenarios(report.total))
    if report.unmatched or report.unsure:
        sections.append(_doubts(report))
    lead = (t("careers.construct"), t("staff.lead"), t("careers.us_figures"), t("staff.private", fewest=FEWEST))
    return Page(t("staff.title"), lead, (*sections, sources(tuple(sections))))


def _total(report: StaffReport) -> Section:
    if report.total is None:
        return Section(t("staff.all"), (t("staff.too_few", fewest=FEWEST),), tables=_TABLES)
    return Section(
        t("staff.all"),
        table=Table(_head(t("staff.staff")), (_row(report.total, t("staff.matched")),)),
        tables=_TABLES,
        publications=MODEL,
    )


def _parts(title: str, first: str, parts: tuple[Hours, ...]) -> Section:
    return Section(
        title,
        table=Table(_head(first), tuple(_row(each, each.name) for each in parts)),
        chart=(t("staff.chart"), lambda: _bars(parts, first)),
        tables=_TABLES,
        publications=MODEL,
    )


def _bars(parts: tuple[Hours, ...], name: str) -> Html:
    """Exposed hours of each part with the 90% interval, beside all its hours."""
    figure = go.Figure()
    names = [charts.broken(each.name) for each in parts]
    figure.add_bar(
        x=[each.hours for each in parts],
        y=names,
        orientation="h",
        marker={"color": charts.LEVELS["unlikely"]},
        name=t("staff.hours"),
    )
    figure.add_bar(
        x=[each.exposed for each in parts],
        y=names,
        orientation="h",
        marker={"color": charts.HERE},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [each.high - each.exposed for each in parts],
            "arrayminus": [each.exposed - each.low for each in parts],
            "color": "#5b6670",
            "thickness": 1.2,
        },
        name=t("staff.exposed"),
    )
    figure.update_layout(barmode="overlay", legend={"orientation": "h", "y": 1.15, "traceorder": "normal"})
    figure.update_yaxes(autorange="reversed")
    kind = "groups" if name == t("staff.group") else "roles"
    return charts.draw(figure, kind, 110 + 34 * len(parts), x=t("staff.hours"), y="")


def _head(first: str) -> tuple[str, ...]:
    return (first, *(t(f"staff.{name}") for name in ("people", "hours", "exposed", "interval")))


def _row(each: Hours, name: str) -> tuple[str, ...]:
    interval = f"{number(each.low)} – {number(each.high)}"
    people = number(each.people, 0 if each.people == int(each.people) else 1)
    return name, people, number(each.hours), number(each.exposed), interval


def _scenarios(total: Hours) -> Section:
    head = (t("staff.scenario"), *(t("staff.after", years=years) for years in YEARS))
    rows = tuple(
        (
            t(f"staff.{name}"),
            *(t("staff.freed", hours=number(total.freed(name, y)), percent=f"{uptake(name, y):.0%}") for y in YEARS),
        )
        for name in RATES
    )
    lead = t("staff.scenarios_lead", today=f"{TODAY:.0%}")
    return Section(t("staff.scenarios"), (lead,), table=Table(head, rows), notes=(t("staff.use"),))


def _doubts(report: StaffReport) -> Section:
    """Rows by number; the words of a row only where it stands for several people, since it may hold a name."""
    lines = [_line("staff.unmatched", row.line, row.role, row.people) for row in report.unmatched]
    for each in report.unsure:
        lines.append(_line("staff.unsure", each.row.line, each.row.role, each.row.people, each.code, each.confidence))
    return Section(t("staff.doubts"), (t("staff.doubts_lead"),), tuple(lines))


def _line(key: str, line: int, role: str, people: float, code: str = "", confidence: float = 0.0) -> str:
    shown = people >= FEWEST
    title = occupations()[code].title if code else ""
    return t(
        key,
        line=line,
        role=t("staff.in_words", role=without_names(role)) if shown else "",
        match=t("staff.taken_for", title=title, code=code, percent=round(100 * confidence)) if shown and code else "",
    )
