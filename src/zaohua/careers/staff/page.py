"""The staff report as a page."""

from zaohua.careers.exposure.people import without_names
from zaohua.careers.pages.section import Page, Section, Table, number, sources
from zaohua.careers.staff.hours import FEWEST, RATES, YEARS, Hours, StaffReport, uptake
from zaohua.i18n import t

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
        t("staff.all"), table=Table(_head(t("staff.staff")), (_row(report.total, t("staff.matched")),)), tables=_TABLES
    )


def _parts(title: str, first: str, parts: tuple[Hours, ...]) -> Section:
    return Section(title, table=Table(_head(first), tuple(_row(each, each.name) for each in parts)), tables=_TABLES)


def _head(first: str) -> tuple[str, ...]:
    return (first, *(t(f"staff.{name}") for name in ("people", "hours", "exposed", "interval")))


def _row(each: Hours, name: str) -> tuple[str, ...]:
    interval = f"{number(each.low)} – {number(each.high)}"
    return name, f"{each.people:g}", number(each.hours), number(each.exposed), interval


def _scenarios(total: Hours) -> Section:
    head = (t("staff.scenario"), *(t("staff.after", years=years) for years in YEARS))
    rows = tuple(
        (
            t(f"staff.{name}"),
            *(t("staff.freed", hours=number(total.freed(name, y)), percent=f"{uptake(name, y):.0%}") for y in YEARS),
        )
        for name in RATES
    )
    return Section(t("staff.scenarios"), (t("staff.scenarios_lead"),), table=Table(head, rows), notes=(t("staff.use"),))


def _doubts(report: StaffReport) -> Section:
    """Rows by number; the words of a row only where it stands for several people, since it may hold a name."""
    lines = [_line("staff.unmatched", row.line, row.role, row.people) for row in report.unmatched]
    for each in report.unsure:
        lines.append(
            _line("staff.unsure", each.row.line, each.row.role, each.row.people, f"{each.code}, {each.confidence:.0%}")
        )
    return Section(t("staff.doubts"), (t("staff.doubts_lead"),), tuple(lines))


def _line(key: str, line: int, role: str, people: float, match: str = "") -> str:
    shown = people >= FEWEST
    return t(
        key,
        line=line,
        role=f" “{without_names(role)}”" if shown else "",
        match=f" ({match})" if shown and match else "",
    )
