"""The assessment of a person's duties as a page."""

import plotly.graph_objects as go

from zaohua.careers.exposure import sentences
from zaohua.careers.exposure.assess import Assessment, leading_profile, us_code
from zaohua.careers.exposure.levels import LEVEL_NAMES
from zaohua.careers.exposure.matching import matcher
from zaohua.careers.exposure.model import best_for
from zaohua.careers.finding.find import find
from zaohua.careers.finding.text import is_chinese
from zaohua.careers.names import in_language
from zaohua.careers.occupations import occupations
from zaohua.careers.outlook import growth, median_wage, years
from zaohua.careers.pages import charts, parts
from zaohua.careers.pages.kinds import kinds_present, kinds_table
from zaohua.careers.pages.next import to_make_up, within_reach
from zaohua.careers.pages.section import MODEL, Page, Section, Table, number, sources
from zaohua.errors import ZaohuaError
from zaohua.i18n import t
from zaohua.report.html import Html


def page(found: Assessment) -> Page:
    """The whole, the duties one by one, kinds of content, the occupations they are a mixture of, and what is published
    of the one that most of them resemble."""
    sections = (_whole(found), _duties(found), _kinds(found), _mixture(found), *_published(found), _method(found))
    lead = (t("careers.construct"), t("careers.us_figures"), t("careers.not_advice"))
    return Page(t("exposure.title"), lead, (*sections, sources(sections)))


def _whole(found: Assessment) -> Section:
    counts = [round(found.levels[level] * len(found.duties)) for level in LEVEL_NAMES]
    lines = [
        t("exposure.share", share=f"{found.share:.0%}", low=f"{found.low:.0%}", high=f"{found.high:.0%}"),
        t("exposure.counts", duties=len(found.duties), unlikely=counts[0], uncertain=counts[1], likely=counts[2]),
        t("exposure.disagree", gap=f"{found.disagreement:.2f}"),
        t("exposure.automation", level=f"{found.automation:.1f}"),
    ]
    if found.expected is not None:
        lines.insert(1, t("exposure.drawn", own=f"{found.own:.0%}", expected=f"{found.expected:.0%}"))
    return Section(t("exposure.whole"), lines=tuple(lines), publications=MODEL)


def _duties(found: Assessment) -> Section:
    head = tuple(t(f"exposure.{name}") for name in ("duty", "verdict", "expected", "raters", "kinds", "like"))
    rows = tuple(
        (
            each.text,
            t(f"careers.level_{each.level}"),
            f"{each.share:.2f}",
            f"{each.people:.2f} / {each.gpt4:.2f}",
            kinds_present({kind: value.level for kind, value in each.kinds.items()}),
            t("exposure.semicolon").join(in_language(title) for title, _ in each.near[:2])
            or t("careers.unknown_number"),
        )
        for each in sorted(found.duties, key=lambda each: -each.share)
    )
    told = "near_mean_tasks" if sentences.here() and found.language == "en" else "near_mean"
    notes = (t("exposure.levels_mean"), t(f"exposure.{told}"))
    chart = (t("exposure.chart"), lambda: _bars(found))
    title = t("exposure.one_by_one")
    tables = ("activity_titles", "tasks") if sentences.here() else ("activity_titles",)
    return Section(title, table=Table(head, rows), notes=notes, chart=chart, tables=tables)


def _kinds(found: Assessment) -> Section:
    chart = t("careers.chart_kinds"), lambda: charts.kinds(found.kinds)
    leads = t("careers.kinds_lead"), t("exposure.kinds_lead")
    return Section(t("exposure.by_kind"), leads, table=kinds_table(found.kinds), chart=chart, publications=MODEL)


def _mixture(found: Assessment) -> Section:
    """The occupations with their pay and projected change in the US: neither follows from exposure."""
    first, last = years()
    head = (
        t("careers.occupation"),
        t("exposure.part"),
        t("careers.row_wage"),
        t("careers.row_change", first=first, last=last),
    )
    rows = tuple(
        (
            _name(match.code) if match.code else t("exposure.none_of_these"),
            f"{match.share:.0%}",
            number(median_wage(code) if (code := us_code(match.code)) else None),
            number(growth()[code] if code else None, 1, sign=True),
        )
        for match in found.mixture
    )
    lead = [t("exposure.mixture_lead")]
    if found.named is not None:
        right = f"{100 * found.named.confidence:.0f}"
        lead.append(t("exposure.named", title=_name(found.named.code), right=right))
    if found.language == "zh":
        lead.append(t("exposure.mixture_zh_meaning" if matcher("zh").means else "exposure.mixture_zh_words"))
    tables = ("occupations", "crosswalk", "wages", "projections")
    return Section(t("exposure.mixture"), tuple(lead), table=Table(head, rows), tables=tables)


def _published(found: Assessment) -> list[Section]:
    """The setting, employment, pay, what to learn and where to go, of the leading occupation; else where to look."""
    if found.leading is None:
        return [Section(t("exposure.none_leads"), (t("exposure.none_leads_text"),))]
    one = leading_profile(found.leading)
    title, share = one.occupation.title, f"{found.mixture[0].share:.0%}"
    lead = Section(t("exposure.leads", title=title), (t("exposure.leads_text", title=title, share=share),))
    return [
        lead,
        parts.setting(one.code),
        parts.employment(one.code),
        parts.predicted(),
        parts.pay(one.code),
        parts.stays(one.code),
        parts.learn(one),
        within_reach(one),
        *([made_up] if (made_up := to_make_up(one)) else []),
    ]


def _name(code: str) -> str:
    """The occupation behind a code of either classification."""
    if code in occupations():
        return t("careers.found_code", title=occupations()[code].title, code=code)
    try:
        there = find(code)
    except ZaohuaError:
        return code
    return t("careers.found_code", title=there.csco or code, code=code)


def _method(found: Assessment) -> Section:
    lines = [t("exposure.method")]
    if found.language == "zh":
        lines.append(t("exposure.method_zh"))
    elif best_for("en").base.landmarks is None:
        lines.append(t("exposure.words_only"))
    return Section(t("exposure.how"), tuple(lines))


def _bars(found: Assessment) -> Html:
    """A bar a duty: the mean of the raters, and how far they lie apart."""
    ordered = sorted(found.duties, key=lambda each: each.share)
    figure = go.Figure()
    figure.add_bar(
        x=[each.share for each in ordered],
        y=[charts.broken(each.text, 24 if is_chinese(each.text) else 40) for each in ordered],
        orientation="h",
        marker={"color": charts.HERE},
        error_x={"type": "data", "array": [each.disagreement / 2 for each in ordered]},
        hoverinfo="skip",
    )
    figure.update_xaxes(range=[0, 1])
    return charts.draw(figure, "duties", 80 + 34 * len(ordered), x=t("exposure.expected"), y="")
