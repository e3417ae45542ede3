"""The assessment of a person's duties as a page."""

import plotly.graph_objects as go

from zaohua.careers.exposure.assess import Assessment
from zaohua.careers.exposure.levels import LEVEL_NAMES
from zaohua.careers.exposure.model import best_for
from zaohua.careers.finding.find import find
from zaohua.careers.occupations import occupations
from zaohua.careers.pages import charts
from zaohua.careers.pages.kinds import kinds_present, kinds_table
from zaohua.careers.pages.section import Page, Section, Table, sources
from zaohua.errors import ZaohuaError
from zaohua.i18n import t
from zaohua.report.html import Html


def page(found: Assessment) -> Page:
    """The whole, the duties one by one, kinds of content, occupations they are a mixture of."""
    sections = (_whole(found), _duties(found), _kinds(found), _mixture(found), _method(found))
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
    return Section(t("exposure.whole"), lines=tuple(lines), tables=("occupations",))


def _duties(found: Assessment) -> Section:
    head = tuple(t(f"exposure.{name}") for name in ("duty", "verdict", "expected", "raters", "kinds", "like"))
    rows = tuple(
        (
            each.text,
            t(f"careers.level_{each.level}"),
            f"{each.share:.2f}",
            f"{each.people:.2f} / {each.gpt4:.2f}",
            kinds_present({kind: value.level for kind, value in each.kinds.items()}),
            t("exposure.semicolon").join(title for title, _ in each.near[:2]) or t("careers.unknown_number"),
        )
        for each in sorted(found.duties, key=lambda each: -each.share)
    )
    notes = (t("exposure.levels_mean"), t("exposure.near_mean"))
    chart = (t("exposure.chart"), lambda: _bars(found))
    return Section(t("exposure.one_by_one"), table=Table(head, rows), notes=notes, chart=chart)


def _kinds(found: Assessment) -> Section:
    chart = t("careers.chart_kinds"), lambda: charts.kinds(found.kinds)
    leads = t("careers.kinds_lead"), t("exposure.kinds_lead")
    return Section(t("exposure.by_kind"), leads, table=kinds_table(found.kinds), chart=chart)


def _mixture(found: Assessment) -> Section:
    lines = tuple(
        t(
            "exposure.part",
            name=_name(match.code) if match.code else t("exposure.none_of_these"),
            share=f"{match.share:.0%}",
        )
        for match in found.mixture
    )
    return Section(t("exposure.mixture"), (t("exposure.mixture_lead"),), lines, tables=("occupations", "crosswalk"))


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
    lines = [t("exposure.method"), t("exposure.labels_mean")]
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
        y=[each.text if len(each.text) < 60 else each.text[:57] + "…" for each in ordered],
        orientation="h",
        marker={"color": charts.HERE},
        error_x={"type": "data", "array": [each.disagreement / 2 for each in ordered]},
        hoverinfo="skip",
    )
    figure.update_xaxes(range=[0, 1])
    return charts.draw(figure, "duties", 80 + 34 * len(ordered), x=t("exposure.expected"), y="")
