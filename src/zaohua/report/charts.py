"""The report's charts: plotly figures without colours of their own for ink and grid, which style.css gives them."""

from typing import Any

import plotly.graph_objects as go
from plotly.io import to_html

from zaohua.i18n import t
from zaohua.report.comparison import is_compared
from zaohua.report.html import Html
from zaohua.report.numbers import number
from zaohua.report.record import Record

# Colours that can be read on white and on near-black alike; the same meaning keeps the same colour on the whole page.
MODEL, TRAINING, NGRAM, UNIGRAM = "#1f9a8a", "#8fa3b5", "#cf8a3a", "#b86a7c"
_FONT = "system-ui, -apple-system, 'Segoe UI', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"


def loss_chart(record: Record) -> Html | None:
    """Training and validation loss against what was consumed, with the baselines as lines across."""
    train, evals = with_loss(record.train), with_loss(record.evals)
    if not train and not evals:
        return None
    unit = _unit(record)
    figure = go.Figure()
    if train:
        figure.add_scatter(
            x=_places(train, record, unit),
            y=[line["loss"] for line in train],
            name=t("report.training_loss"),
            mode="lines",
            line={"color": TRAINING, "width": 1.5},
        )
    if evals:
        figure.add_scatter(
            x=_places(evals, record, unit),
            y=[line["loss"] for line in evals],
            name=t("report.validation_loss"),
            mode="lines+markers",
            line={"color": MODEL, "width": 2.5},
            marker={"size": 7},
        )
    for name, colour, dash in (("unigram", UNIGRAM, "dot"), ("ngram", NGRAM, "dash")):
        scores = record.baseline(name)
        loss = number(scores.get("loss"))
        if loss is not None:
            figure.add_hline(
                y=loss,
                line={"color": colour, "width": 1.5, "dash": dash},
                annotation={
                    "text": t(f"report.{name}", order=scores.get("order", "?")),
                    "font": {"color": colour, "size": 12},
                    "xanchor": "right",
                    "yanchor": "bottom",
                },
            )
    label = t("encoder.axis_loss" if is_compared(record) else "report.axis_loss")
    return draw(figure, x=t(f"report.axis_{unit}"), y=label, height=380, name="loss")


def small_charts(record: Record) -> list[tuple[str, Html]]:
    """Learning rate, speed and share of the machine's peak over the run: (title, chart) for those there are."""
    unit = _unit(record)
    found: list[tuple[str, Html]] = []
    for key, title in (
        ("lr_factor", "report.learning_rate"),
        ("tokens_per_second", "report.tokens_per_second"),
        ("mfu", "report.share_of_peak"),
    ):
        lines = [line for line in record.train if number(line.get(key)) is not None]
        if len(lines) < 2:
            continue
        figure = go.Figure()
        figure.add_scatter(
            x=_places(lines, record, unit),
            y=[line[key] for line in lines],
            mode="lines",
            line={"color": MODEL, "width": 2},
            showlegend=False,
        )
        figure.update_yaxes(rangemode="tozero", tickformat=".0%" if key == "mfu" else None)
        found.append((t(title), draw(figure, x=t(f"report.axis_{unit}"), y="", height=200, name=key)))
    return found


def plotly_javascript() -> Html:
    """The library itself, so that the page opens offline."""
    from plotly.offline import get_plotlyjs

    return Html(f"<script>{get_plotlyjs()}</script>")


def with_loss(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that have a loss."""
    return [line for line in lines if number(line.get("loss")) is not None]


def _unit(record: Record) -> str:
    """What the horizontal axis counts."""
    return "tokens" if any(number(line.get("tokens")) is not None for line in record.train) else "steps"


def _places(lines: list[dict[str, Any]], record: Record, unit: str) -> list[float]:
    """Where each line stands on the horizontal axis; evaluations name only their step."""
    if unit == "steps":
        return [line["step"] for line in lines]
    last = next(line for line in reversed(record.train) if number(line.get("tokens")) is not None)
    per_step = last["tokens"] / max(1, last["step"])
    return [line["step"] * per_step for line in lines]


def draw(figure: go.Figure, *, x: str, y: str, height: int, name: str) -> Html:
    """A figure as a piece of page that takes its width. x, y: titles of the axes; height: in pixels; name: its id."""
    figure.update_layout(
        template="none",
        height=height,
        margin={"l": 60 if y else 46, "r": 12, "t": 8, "b": 48 if x else 30},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": _FONT, "size": 13},
        hovermode="x unified",
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    )
    figure.update_xaxes(
        title={"text": x, "standoff": 8, "font": {"size": 12}}, showgrid=False, zeroline=False, rangemode="tozero"
    )
    figure.update_yaxes(title={"text": y, "standoff": 10, "font": {"size": 12}}, zeroline=False, automargin=True)
    return Html(
        to_html(
            figure,
            full_html=False,
            include_plotlyjs=False,
            include_mathjax=False,
            default_width="100%",
            div_id=f"chart-{name}",
            config={"displayModeBar": False, "responsive": True},
        )
    )
