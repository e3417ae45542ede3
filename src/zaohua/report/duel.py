"""Two networks that learn from each other: how real the samples are, what went wrong, and the curves."""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from zaohua.i18n import catalogue, language, t
from zaohua.report import charts
from zaohua.report.findings import findings, watched
from zaohua.report.html import Content, Html, table, tag
from zaohua.report.numbers import decimal, number, percent, whole
from zaohua.report.record import Record, section

GENERATOR, DISCRIMINATOR = charts.MODEL, charts.NGRAM
_SHARES = ("precision", "recall", "coverage", "copies", "realism")
# chart -> its lines: numbers of the log, and the key of their name
_CURVES: dict[str, tuple[tuple[str, str], ...]] = {
    "distance": (("fd", "generator"),),
    "scores": (("score_real", "real"), ("score_fake", "fake")),
    "right": (("right", "discriminator"),),
    "gradients": (("grad_norm_discriminator", "discriminator"), ("grad_norm_generator", "generator")),
    "spread": (("spread", "generator"),),
    "augmentation": (("augmentation", "discriminator"),),
    "speed": (("images_per_second", "images"), ("sounds_per_second", "sounds"), ("clips_per_second", "clips")),
}
_COLOURS = {"generator": GENERATOR, "fake": GENERATOR, "discriminator": DISCRIMINATOR, "real": charts.TRAINING}


def headline(record: Record) -> Html:
    """How far from real, beside how far real samples are from each other."""
    mark = record.mark
    value, step = decimal(record.best.get(mark)), whole(record.best.get("step"))
    rows = _scores(record)
    sentence = t("adversarial.best", metric=_metric(mark), value=value, step=step)
    realism = section(record.summary, "realism")
    if number(realism.get("value")) is not None:
        told = {name: percent(realism.get(name)) for name in ("value", "error", "floor")}
        sentence = f"{sentence} {t('adversarial.realism', **told)}"
    bad = bool(watched(record).standing)
    return tag(
        "section",
        tag("p", sentence, class_="verdict loses" if bad else "verdict"),
        *findings(record),
        table(["", t("judges.generated"), t("judges.real")], rows, class_="numbers wrapped") if rows else None,
        tag("p", t("adversarial.explained"), class_="note"),
    )


def learning(record: Record) -> list[Content]:
    """Both losses, and small charts of everything else that is watched."""
    lines = record.train
    losses = [("loss_discriminator", "discriminator"), ("loss_generator", "generator")]
    main = _chart("losses", lines, losses, t("adversarial.losses"), 340)
    small = []
    for name, curves in _CURVES.items():
        chart = _chart(name, record.evals if name == "distance" else lines, list(curves), "", 220)
        if chart is not None:
            small.append(tag("figure", tag("figcaption", t(f"adversarial.chart_{name}")), chart))
    return [main and tag("figure", main), tag("div", *small, class_="small-charts") if small else None]


def _chart(
    name: str, lines: list[dict[str, Any]], curves: list[tuple[str, str]], label: str, height: int
) -> Html | None:
    known = [curve for curve in curves if sum(number(line.get(curve[0])) is not None for line in lines) > 1]
    if not known:
        return None
    figure = go.Figure()
    for key, meaning in known:
        found = [line for line in lines if number(line.get(key)) is not None]
        figure.add_scatter(
            x=[line["step"] for line in found],
            y=[line[key] for line in found],
            name=t(f"adversarial.{meaning}"),
            mode="lines+markers" if name == "distance" else "lines",
            line={"color": _COLOURS.get(meaning, charts.MODEL), "width": 2},
            showlegend=len(known) > 1,
        )
    if name in ("right", "spread", "augmentation"):
        figure.update_yaxes(rangemode="tozero", tickformat=".0%")
    if name == "gradients":
        figure.update_yaxes(type="log", nticks=4, exponentformat="power")
    return charts.draw(figure, x=t("report.axis_steps"), y=label, height=height, name=name)


def _scores(record: Record) -> list[list[Content]]:
    """Measures of the finished model, whose real counterparts are known: name, generated, real."""
    scores = section(record.summary, "scores")
    extractor = str(scores.get("extractor", ""))
    known = {name: value for name, value in scores.items() if _is_pair(value)}
    if _is_pair(record.summary.get("realism")):
        known["realism"] = record.summary["realism"]
    return [
        [t(f"judges.{name}", extractor=extractor), *(_value(name, pair[side]) for side in ("value", "floor"))]
        for name, pair in known.items()
        if name in catalogue(language(), "judges")
    ]


def _is_pair(value: object) -> bool:
    return isinstance(value, Mapping) and "value" in value and "floor" in value


def _value(name: str, value: object) -> str:
    return percent(value) if name in _SHARES else decimal(value)


def _metric(name: str) -> str:
    return t(f"encoder.metric_{name}") if f"metric_{name}" in catalogue(language(), "encoder") else name
