"""The pages: show, compare, transitions, emerging."""

from collections.abc import Sequence
from itertools import pairwise

from zaohua.careers import complementarity, emerging, outlook, skills, studies
from zaohua.careers.licences import licence
from zaohua.careers.names import element, of_class, study
from zaohua.careers.occupations import occupations
from zaohua.careers.pages import charts, parts
from zaohua.careers.pages.next import licence_word, to_make_up, within_reach
from zaohua.careers.pages.section import Page, Section, Table, number, sources
from zaohua.careers.profile import Profile
from zaohua.careers.share import exposed_share
from zaohua.i18n import t

_LONGEST_LIST = 25


def show(profile: Profile) -> Page:
    """One occupation, from what it is made of to where it can lead."""
    code = profile.code
    sections = tuple(
        part
        for part in (
            parts.halved(code),
            parts.work(code),
            parts.kinds(code),
            parts.tasks(code),
            parts.published(code),
            parts.handed_over(code),
            parts.setting(code),
            parts.employment(code),
            parts.predicted(),
            parts.pay(code),
            parts.stays(code),
            parts.learn(profile),
            within_reach(profile),
            to_make_up(profile),
        )
        if part is not None
    )
    return _page(t("careers.title_show", title=profile.occupation.title), [profile], sections)


def transitions(profile: Profile) -> Page:
    """The occupations within reach of one."""
    found = parts.pay(profile.code), within_reach(profile), to_make_up(profile), parts.learn(profile)
    sections = tuple(part for part in found if part is not None)
    return _page(t("careers.title_transitions", title=profile.occupation.title), [profile], sections)


def compare(profiles: Sequence[Profile]) -> Page:
    """Two or more occupations in the columns of one table, and what is missing from each to the next, both ways."""
    codes = [each.code for each in profiles]
    titles = [each.occupation.title for each in profiles]
    columns = [_facts(code) for code in codes]
    rows = tuple((name, *(column[name] for column in columns)) for name in columns[0])
    table = Section(
        t("careers.section_compare"),
        (t("careers.compare_lead"),),
        table=Table(("", *titles), rows),
        notes=(parts.honest(),),
        chart=(t("careers.chart_map"), lambda: charts.exposure_map(codes)),
        tables=("studies", "projections", "wages", "context", "occupations"),
    )
    gaps = [_gaps(*pair) for here, there in pairwise(codes) for pair in ((here, there), (there, here))]
    return _page(t("careers.title_compare", titles=t("careers.comma").join(titles)), profiles, (table, *gaps))


def new_work() -> Page:
    """Announced occupations, new tasks, fastest growth."""
    shown = _announced(), _tasks(), _growing()
    lead = t("careers.construct"), t("careers.mixed_figures"), t("careers.not_advice")
    return Page(t("careers.title_emerging"), lead, (*shown, sources(shown)))


def _page(title: str, profiles: Sequence[Profile], sections: tuple[Section, ...]) -> Page:
    lead = (
        *(parts.how_found(each.found) for each in profiles),
        t("careers.construct"),
        t("careers.us_figures"),
        t("careers.not_advice"),
    )
    return Page(title, lead, (*sections, sources(sections)))


def _facts(code: str) -> dict[str, str]:
    projected, theta = outlook.outlooks()[code], complementarity.thetas().get(code)
    first, last = outlook.years()
    facts = {
        t("careers.row_share"): number(exposed_share(code), 2),
        t("careers.row_theta"): number(theta, 2),
        t("careers.row_employment", first=first): number(projected.employment, 1),
        t("careers.row_change", first=first, last=last): number(projected.change_percent, 1, sign=True),
        t("careers.row_openings"): number(projected.openings, 1),
        t("careers.row_wage"): number(outlook.median_wage(code)),
        t("careers.row_education"): of_class(projected.education),
        t("careers.row_zone"): number(occupations()[code].job_zone),
        t("careers.row_licence"): licence_word(licence(code)),
    }
    placed = {finding.measure: finding for finding in studies.findings(code)}
    for name in studies.MEASURES:
        facts[f"{study(name)}. {t('careers.below')}"] = (
            str(placed[name].percentile) if name in placed else t("careers.unknown_number")
        )
    return facts


def _gaps(here: str, there: str) -> Section:
    names = {"here": occupations()[here].title, "there": occupations()[there].title}
    missing = skills.gaps(here, there)
    lines = tuple(
        t("careers.gap", name=element(gap.element), here=f"{gap.here:.1f}", there=f"{gap.there:.1f}") for gap in missing
    ) or (t("careers.gap_none"),)
    return Section(t("careers.section_gaps", **names), (t("careers.gaps_lead", **names),), lines, tables=("levels",))


def _announced() -> Section:
    found = emerging.announced()
    rows = tuple(
        (
            each.name,
            each.date,
            t(f"careers.kind_{each.kind}"),
            each.code or t("careers.no_official_code"),
            t("careers.about_ai") if each.ai_related else "",
            occupations()[each.soc].title if each.soc else t("careers.unknown_number"),
        )
        for each in found
    )
    head = (t("careers.name"), t("careers.date"), "", t("careers.code"), "", t("careers.occupation"))
    lead = t("careers.announced_lead", n=len(found), ai=sum(each.ai_related for each in found))
    return Section(
        t("careers.section_announced"), (lead,), table=Table(head, rows), tables=("new_in_china", "crosswalk")
    )


def _tasks() -> Section:
    rows = tuple(
        (occupations()[each.code].title, str(each.new), str(each.revised), each.last)
        for each in emerging.new_tasks()[:_LONGEST_LIST]
    )
    head = tuple(t(f"careers.{name}") for name in ("occupation", "new", "revised", "last"))
    return Section(
        t("careers.section_tasks"), (t("careers.tasks_lead"),), table=Table(head, rows), tables=("emerging",)
    )


def _growing() -> Section:
    rows = tuple(
        (
            occupations()[each.code].title,
            number(each.change_percent, 1, sign=True),
            number(each.change, 1, sign=True),
            number(each.wage),
        )
        for each in emerging.growing()
    )
    head = tuple(t(f"careers.{name}") for name in ("occupation", "change_percent", "change_k", "row_wage"))
    lead = t("careers.growing_lead", first=outlook.years()[0])
    return Section(t("careers.section_growing"), (lead,), table=Table(head, rows), tables=("projections", "wages"))
