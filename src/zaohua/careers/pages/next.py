"""The section on occupations within reach, and the gaps on the way to each."""

from zaohua.careers.names import element
from zaohua.careers.occupations import occupations
from zaohua.careers.outlook import growth, median_wage, years
from zaohua.careers.pages import charts
from zaohua.careers.pages.section import MODEL, Section, Table, number
from zaohua.careers.profile import Profile
from zaohua.careers.transitions import Transition, risk
from zaohua.i18n import t

_TABLES = ("similar", "levels", "wages", "projections", "occupations", "context", "related")


def within_reach(profile: Profile) -> Section:
    """The table of next occupations with its chart."""
    title, floor = t("careers.section_next"), round(100 * profile.wage_floor)
    if median_wage(profile.code) is None or profile.occupation.job_zone is None:
        return Section(title, (t("careers.next_unrated"),), tables=_TABLES)
    if not profile.reachable:
        return Section(
            title, (t("careers.next_lead", floor=floor), t("careers.next_none", floor=floor)), tables=_TABLES
        )
    first, last = years()
    here = t(
        "careers.next_here",
        growth=number(growth()[profile.code], 1, sign=True),
        risk=number(risk(profile.code), 2),
        pay=number(median_wage(profile.code)),
    )
    names = ("occupation", "feasible", "growth", "risk", "pay", "pay_ratio", "preparation", "licence")
    head = tuple(t(f"careers.{name}") for name in names)
    return Section(
        title,
        (t("careers.next_lead", floor=floor), here),
        table=Table(head, tuple(_row(each) for each in profile.reachable)),
        notes=(t("careers.next_feasible_note", first=first, last=last), t("careers.licence_note")),
        chart=(t("careers.chart_next"), lambda: charts.next_map(profile)),
        tables=_TABLES,
        publications=MODEL,
    )


def licence_word(mark: str) -> str:
    """`usual`, `in some states` or a dash."""
    return t(f"careers.licence_{mark or 'none'}")


def _row(each: Transition) -> tuple[str, ...]:
    star = f"{t('careers.front')} " if each.front else ""
    return (
        f"{star}{occupations()[each.code].title}",
        f"{each.feasibility:.2f}",
        f"{number(each.growth, 1, sign=True)}%",
        number(each.risk, 2),
        number(each.wage),
        f"{each.wage_ratio:.0%}",
        step(each.zones_up),
        licence_word(each.licence),
    )


def to_make_up(profile: Profile) -> Section | None:
    """What each of the next occupations asks for more, as skills with levels."""
    if not profile.reachable:
        return None
    rows = tuple((occupations()[each.code].title, missing(each)) for each in profile.reachable)
    head = t("careers.occupation"), t("careers.gaps")
    return Section(
        t("careers.section_make_up"), (t("careers.make_up_lead"),), table=Table(head, rows), tables=("levels",)
    )


def missing(each: Transition) -> str:
    """The gaps of a transition as one line."""
    if not each.gaps:
        return t("careers.gap_none")
    return t("careers.comma").join(
        t("careers.gap", name=element(gap.element), here=f"{gap.here:.1f}", there=f"{gap.there:.1f}")
        for gap in each.gaps
    )


def step(zones: int) -> str:
    """How many job zones up or down."""
    if zones > 0:
        return t("careers.zone_up") if zones == 1 else t("careers.zones_up", n=zones)
    return t("careers.zone_down", n=-zones) if zones < 0 else t("careers.zone_same")
