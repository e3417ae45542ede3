"""What a model that understands makes of each choice of modalities and of ever more noise, as rows of words for the
terminal and as sections of the report."""

from collections.abc import Mapping
from typing import Any

from zaohua.i18n import t
from zaohua.report.comparison import SHARES, metric_name, rival_name
from zaohua.report.html import Content, Html, table, tag
from zaohua.report.numbers import MISSING, decimal, number, percent
from zaohua.report.pictures import counts, left_out
from zaohua.report.record import Record, section

_SHOWN = ("accuracy", "macro_f1", "calibration_error", "mae", "rmse", "r2", "loss")


def account_rows(found: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Names of the columns, and a row for each choice of modalities, all of them first, and for each baseline.

    found: metrics, subsets and baselines, as zaohua.multimodal.understanding.accounting has them.
    """
    metrics = found["metrics"]
    names = [name for name in _SHOWN if name in metrics]
    rows = [(t("understand.everything"), metrics), *found["subsets"].items()]
    rows += [(rival_name(name, scores), scores) for name, scores in found["baselines"].items()]
    head = [t("understand.given"), *map(metric_name, names)]
    return head, [[name, *(_value(metric, scores.get(metric)) for metric in names)] for name, scores in rows]


def noise_rows(found: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """The same for each level of noise over one modality; no rows where none was measured."""
    curves = found["noise"]
    names = [name for name in _SHOWN if any(name in line for curve in curves.values() for line in curve)]
    rows = []
    for modality, curve in curves.items():
        level = "understand.snr" if modality == "audio" else "understand.grain"
        for line in curve:
            cells = [_value(name, line.get(name)) for name in names]
            said = t(level, level=f"{line['level']:g}")
            rows.append([f"{modality} {said}", *cells])
    return [t("understand.noise"), *map(metric_name, names)], rows


def modalities(record: Record) -> Html | None:
    """What it knows from which modality, how it stands noise, and what the fusion made use of."""
    found = section(record.summary, "account")
    if not found:
        return None
    found = {"baselines": record.summary.get("baselines", {}), **found}
    head, rows = account_rows(found)
    noise_head, noisy = noise_rows(found)
    weights = section(found, "weights")
    used = ", ".join(f"{name} {percent(share)}" for name, share in weights.items())
    return tag(
        "section",
        tag("h2", t("understand.title")),
        _table(head, rows),
        tag("p", t("understand.subsets_note"), class_="note"),
        _table(noise_head, noisy) if noisy else None,
        tag("p", t("understand.weights", weights=used)) if used else None,
        tag("p", t("fusion.not_causes"), class_="note") if used else None,
        id="modalities",
    )


def data(facts: Mapping[str, Any]) -> list[Content]:
    """What the rows hold, as pieces of a page. facts: the report of zaohua.data.records.Records."""
    found = {
        "rows": counts(facts["rows"]),
        "present": counts(facts["present"]),
        "classes": counts(facts.get("classes", {})),
        "left_out": left_out(facts),
    }
    entries = [
        tag("div", tag("dt", t(f"understand.data_{key}")), tag("dd", said)) for key, said in found.items() if said
    ]
    warnings = [tag("p", warning, class_="warning") for warning in facts["warnings"]]
    return [*warnings, tag("dl", *entries, class_="facts"), tag("p", facts["credit"], class_="note")]


def _table(head: list[str], rows: list[list[str]]) -> Html:
    cells: list[list[Content]] = [list(row) for row in rows]
    return table(head, cells, class_="numbers first-row-strong")


def _value(name: str, value: object) -> str:
    if number(value) is None:
        return MISSING
    return percent(value) if name in SHARES else decimal(value)
