"""The charts of the pages: plotly, drawn in the page's own ink, so that they follow its scheme and print well."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
from plotly.io import to_html

from zaohua.careers import complementarity
from zaohua.careers.activities import Scored
from zaohua.careers.emerging import Announced, Growing
from zaohua.careers.exposure.levels import Levels
from zaohua.careers.names import activity, study
from zaohua.careers.occupations import occupations
from zaohua.careers.outlook import years
from zaohua.careers.pages import labels
from zaohua.careers.profile import Profile
from zaohua.careers.share import exposed_share
from zaohua.careers.studies import Finding
from zaohua.i18n import t
from zaohua.report.html import Html

HERE, OTHER = "#14786c", "rgba(120,130,140,.35)"
LEVELS = {"likely": "#14786c", "uncertain": "#7fbdb2", "unlikely": "#cfd8d6"}
_FONT = 'system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif'
_NARROW = 34  # characters after which a name is broken


def exposure_map(codes: Sequence[str]) -> Html:
    """Exposed share × complementarity of all occupations, `codes` marked by name."""
    placed = {
        code: (share, theta)
        for code, theta in complementarity.thetas().items()
        if (share := exposed_share(code)) is not None
    }
    shown = [code for code in codes if code in placed]
    spots = [placed[code] for code in shown]
    beside = labels.places(
        [*(share for share, _ in spots), 0.05, 0.65],  # the chart is as wide and high as all occupations
        [*(theta for _, theta in spots), 0.35, 0.85],
        [*(occupations()[code].title for code in shown), "", ""],
        290,
    )
    figure = go.Figure()
    figure.add_scatter(
        x=[share for share, _ in placed.values()],
        y=[theta for _, theta in placed.values()],
        mode="markers",
        text=[occupations()[code].title for code in placed],
        hovertemplate="%{text}<br>%{x:.2f} × %{y:.2f}<extra></extra>",
        marker={"size": 6, "color": OTHER},
        name=t("careers.all_occupations"),
    )
    for code, (share, theta), place in zip(shown, spots, beside, strict=False):
        figure.add_scatter(
            x=[share],
            y=[theta],
            mode="markers+text",
            text=[f"<b>{occupations()[code].title}</b>"],
            textposition=place,
            cliponaxis=False,
            marker={"size": 13, "color": HERE},
            showlegend=False,
            hoverinfo="skip",
        )
    figure.update_layout(showlegend=False)
    return draw(figure, "map", 380, x=t("careers.axis_share"), y=t("careers.axis_theta"))


def places(findings: Sequence[Finding]) -> Html:
    """Where each study puts the occupation among a hundred."""
    findings = [each for each in findings if each.measure != "anthropic_automation"]  # a way of use, no exposure
    names = [broken(study(each.measure).split("：")[0].split(":")[0]) for each in findings]
    figure = go.Figure()
    figure.add_bar(
        x=[each.percentile for each in findings],
        y=names,
        orientation="h",
        marker={"color": HERE},
        text=[str(each.percentile) for each in findings],
        textposition="outside",
        cliponaxis=False,
        hovertext=[study(each.measure) for each in findings],
        hoverinfo="text",
    )
    figure.update_xaxes(range=[0, 105])
    figure.update_yaxes(autorange="reversed")
    return draw(figure, "places", 60 + 40 * len(findings), x=t("careers.axis_below"), y="")


def activities(known: Sequence[tuple[str, float]], scored: Sequence[Scored]) -> Html:
    """What could be halved of each activity that weighs most, a line from one rater to the other; bars are as thick as
    the activity weighs."""
    names = [broken(f"{activity(name)} · {share:.0%}") for name, share in known]
    raters = [(each.people, each.gpt4, each.share) for each in scored]
    ends = [(min(each), max(each)) for each in raters]
    figure = go.Figure()
    figure.add_bar(
        x=[100 * each.share for each in scored],
        y=names,
        orientation="h",
        width=[0.25 + 0.65 * share / known[0][1] for _, share in known],
        marker={"color": [LEVELS[each.level] for each in scored]},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [100 * (high - each.share) for (_, high), each in zip(ends, scored, strict=True)],
            "arrayminus": [100 * (each.share - low) for (low, _), each in zip(ends, scored, strict=True)],
            "color": "#5b6670",
            "thickness": 1.2,
        },
        hovertext=[f"{100 * low:.0f}–{100 * high:.0f}%" for low, high in ends],
        hoverinfo="text",
    )
    figure.update_xaxes(range=[0, 100])
    figure.update_yaxes(autorange="reversed")
    return draw(figure, "activities", 60 + 38 * len(known), x=t("careers.axis_work"), y="")


def kinds(found: Mapping[str, Levels]) -> Html:
    """Shares that are likely, uncertain, unlikely, a bar for each kind of content."""
    names = [t(f"careers.kind_{kind}") for kind in found]
    figure = go.Figure()
    for level, colour in LEVELS.items():
        figure.add_bar(
            x=[100 * getattr(each, level) for each in found.values()],
            y=names,
            orientation="h",
            marker={"color": colour},
            name=t(f"careers.level_{level}"),
            hovertemplate="%{y}: %{x:.0f}%",
        )
    figure.update_layout(barmode="stack", legend={"orientation": "h", "y": 1.2, "traceorder": "normal"})
    figure.update_xaxes(range=[0, 100])
    figure.update_yaxes(autorange="reversed")
    return draw(figure, "kinds", 80 + 34 * len(names), x=t("careers.axis_kinds"), y="")


def announced(found: Sequence[Announced]) -> Html:
    """How many occupations and work types were announced in each year, those about AI apart."""
    years_of = sorted({each.date[:4] for each in found})
    figure = go.Figure()
    for about_ai, colour, name in ((True, HERE, "about_ai"), (False, LEVELS["unlikely"], "about_other")):
        counts = [sum(each.date[:4] == year and each.ai_related == about_ai for each in found) for year in years_of]
        ink = {"color": "white" if about_ai else "#333"}
        figure.add_bar(
            x=years_of, y=counts, marker={"color": colour}, name=t(f"careers.{name}"), text=counts, textfont=ink
        )
    figure.update_layout(barmode="stack", legend={"orientation": "h", "y": 1.2, "traceorder": "normal"})
    figure.update_xaxes(type="category")
    return draw(figure, "announced", 280, x="", y=t("careers.axis_announced"))


def growing(found: Sequence[Growing]) -> Html:
    """Projected change of the fastest growing occupations."""
    figure = go.Figure()
    figure.add_bar(
        x=[each.change_percent for each in found],
        y=[broken(occupations()[each.code].title) for each in found],
        orientation="h",
        marker={"color": HERE},
        text=[f"{each.change_percent:+.0f}%" for each in found],
        textposition="outside",
        cliponaxis=False,
        hovertext=[f"{t('careers.change_k')}: {each.change:+.1f}" for each in found],
        hoverinfo="text",
    )
    figure.update_yaxes(autorange="reversed")
    first, last = years()
    return draw(figure, "growing", 60 + 34 * len(found), x=t("careers.axis_growth", first=first, last=last), y="")


def next_map(profile: Profile) -> Html:
    """Feasibility × growth of the occupations within reach; colour is damped exposure, a ring marks the front."""
    found, (first, last) = profile.reachable, years()
    names = [broken(occupations()[each.code].title, 22) for each in found]
    figure = go.Figure()
    figure.add_scatter(
        x=[each.feasibility for each in found],
        y=[each.growth for each in found],
        mode="markers+text",
        text=names,
        textposition=labels.places([each.feasibility for each in found], [each.growth for each in found], names, 340),
        cliponaxis=False,
        textfont={"size": 11},
        hovertemplate="%{text}<br>%{x:.2f} · %{y:+.1f}%<extra></extra>",
        marker={
            "size": 15,
            "color": [each.risk for each in found],
            "colorscale": [[0, "#d9efe9"], [1, "#0b4a43"]],
            "line": {"color": HERE, "width": [3 if each.front else 0.5 for each in found]},
            "showscale": True,
            "colorbar": {
                "title": {"text": f"{t('careers.risk')}<br> ", "side": "top", "font": {"size": 12}},
                "thickness": 10,
                "outlinewidth": 0,
            },
        },
    )
    return draw(figure, "next", 460, x=t("careers.axis_feasible"), y=t("careers.axis_growth", first=first, last=last))


def broken(name: str, width: int = _NARROW) -> str:
    """`name` over two lines when it is long: between words, or after any character of Chinese."""
    if len(name) <= width:
        return name
    cut = name.rfind(" ", 0, width + 1)
    cut = width if cut < width // 3 else cut
    rest = name[cut:].strip()
    return f"{name[:cut].strip()}<br>{rest if len(rest) <= width else rest[: width - 1] + '…'}"


def draw(figure: go.Figure, name: str, height: int, *, x: str, y: str) -> Html:
    figure.update_layout(
        template="none",
        height=height,
        margin={"l": 60, "r": 30, "t": 16, "b": 48},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": _FONT, "size": 13},
        hovermode="closest",
    )
    figure.update_xaxes(title={"text": x, "standoff": 8, "font": {"size": 12}}, showgrid=False, zeroline=False)
    figure.update_yaxes(
        title={"text": y, "standoff": 10, "font": {"size": 12}}, zeroline=False, automargin=True, ticksuffix="\u2002"
    )
    config = {"displayModeBar": False, "responsive": True}
    return Html(
        to_html(
            figure,
            full_html=False,
            include_plotlyjs=False,
            include_mathjax=False,
            default_width="100%",
            div_id=f"chart-{name}",
            config=config,
        )
    )
