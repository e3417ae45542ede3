"""The pages: show, compare, transitions, emerging."""

from collections.abc import Sequence
from itertools import pairwise

from zaohua.careers import complementarity, emerging, outlook, skills, studies
from zaohua.careers.licences import licence
from zaohua.careers.names import element, of_class, study
from zaohua.careers.occupations import occupations
from zaohua.careers.pages import charts, parts
from zaohua.careers.pages.next import licence_word, step, to_make_up, within_reach
from zaohua.careers.pages.section import MODEL, Page, Section, Table, number, sources
from zaohua.careers.profile import Profile
from zaohua.careers.share import exposure
from zaohua.i18n import language, t

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
        chart=(t("careers.chart_map_several"), lambda: charts.exposure_map(codes)),
        tables=("projections", "wages", "context", "occupations"),
        publications=MODEL,
    )
    gaps = [_gaps(*pair) for here, there in pairwise(codes) for pair in ((here, there), (there, here))]
    sections = (table, _studies(codes), parts.predicted(), *gaps)
    return _page(t("careers.title_compare", titles=t("careers.comma").join(titles)), profiles, sections)


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
    return {
        t("careers.row_share"): _share(code),
        t("careers.row_theta"): number(theta, 2),
        t("careers.row_employment", first=first): number(projected.employment, 1),
        t("careers.row_change", first=first, last=last): number(projected.change_percent, 1, sign=True),
        t("careers.row_openings"): number(projected.openings, 1),
        t("careers.row_wage"): number(outlook.median_wage(code)),
        t("careers.row_education"): of_class(projected.education),
        t("careers.row_zone"): number(occupations()[code].job_zone),
        t("careers.row_licence"): licence_word(licence(code)),
    }


def _share(code: str) -> str:
    found = exposure(code)
    if found is None:
        return t("careers.unknown_number")
    share, low, high = (f"{100 * value:.0f}" for value in (found.share, found.low, found.high))
    return t("careers.share_interval", share=share, low=low, high=high)


def _studies(codes: Sequence[str]) -> Section:
    """The place that each study gives each occupation, and where its raters disagree."""
    placed = [{each.measure: str(each.percentile) for each in studies.findings(code)} for code in codes]
    rows = tuple(
        (study(name), *(each.get(name, t("careers.unknown_number")) for each in placed)) for name in studies.MEASURES
    )
    titles = [occupations()[code].title for code in codes]
    said = tuple(
        t("careers.of_occupation", title=title, sentence=sentence)
        for title, code in zip(titles, codes, strict=True)
        if (sentence := parts.raters(code))
    )
    return Section(
        t("careers.section_studies"),
        (t("careers.compare_studies_lead"), *said),
        table=Table((t("careers.measure"), *titles), rows),
        tables=("studies",),
    )


def _gaps(here: str, there: str) -> Section:
    names = {"here": occupations()[here].title, "there": occupations()[there].title}
    pays = outlook.median_wage(here), outlook.median_wage(there)
    zones = occupations()[here].job_zone, occupations()[there].job_zone
    costs = t(
        "careers.gaps_costs",
        here=number(pays[0]),
        there=number(pays[1]),
        ratio=f"{pays[1] / pays[0]:.0%}" if pays[0] and pays[1] else t("careers.unknown_number"),
        step=step(zones[1] - zones[0]) if zones[0] and zones[1] else t("careers.unknown_number"),
        licence=licence_word(licence(there)) if licence(there) else t("careers.licence_not"),
    )
    missing = skills.gaps(here, there)
    lines = tuple(
        t("careers.gap", name=element(gap.element), here=f"{gap.here:.1f}", there=f"{gap.there:.1f}") for gap in missing
    ) or (t("careers.gap_none"),)
    lead = costs, t("careers.gaps_lead")
    return Section(t("careers.section_gaps", **names), lead, lines, tables=("levels", "wages", "occupations"))


def _announced() -> Section:
    found = emerging.announced()
    rows = tuple(
        (
            each.name if language() == "zh" else t("careers.name_in_both", name=each.name, english=each.name_en),
            each.date.replace("-", "\u2011"),
            t(f"careers.kind_{each.kind}"),
            each.code.replace("-", "\u2011") or t("careers.no_official_code"),
            t("careers.yes") if each.ai_related else "",
            occupations()[each.soc].title if each.soc else t("careers.unknown_number"),
        )
        for each in found
    )
    columns = ("name", "date", "kind_announced", "official_code", "about_ai", "nearest_us")
    head = tuple(t(f"careers.{column}") for column in columns)
    lead = t("careers.announced_lead", n=len(found), ai=sum(each.ai_related for each in found))
    return Section(
        t("careers.section_announced"),
        (lead, t("careers.announced_nearest")),
        table=Table(head, rows),
        chart=(t("careers.chart_announced"), lambda: charts.announced(found)),
        tables=("new_in_china",),
    )


def _tasks() -> Section:
    found = emerging.new_tasks()
    rows = tuple(
        (occupations()[each.code].title, str(each.new), str(each.revised), each.last.replace("-", "\u2011"))
        for each in found[:_LONGEST_LIST]
    )
    head = tuple(t(f"careers.{name}") for name in ("occupation", "new", "revised", "last"))
    return Section(
        t("careers.section_tasks"),
        (t("careers.tasks_lead", all=len(found), shown=len(rows)),),
        table=Table(head, rows),
        tables=("emerging",),
    )


def _growing() -> Section:
    found = emerging.growing()
    rows = tuple(
        (
            occupations()[each.code].title,
            number(each.change_percent, 1, sign=True),
            number(each.change, 1, sign=True),
            number(each.wage),
        )
        for each in found
    )
    head = tuple(t(f"careers.{name}") for name in ("occupation", "change_percent", "change_k", "row_wage"))
    lead = t("careers.growing_lead", first=outlook.years()[0])
    return Section(
        t("careers.section_growing"),
        (lead,),
        table=Table(head, rows),
        chart=(t("careers.chart_growing"), lambda: charts.growing(found)),
        tables=("projections", "wages"),
    )
