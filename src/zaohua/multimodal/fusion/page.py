"""What each modality had to do with each answer, as one page to read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zaohua.files import write_atomic
from zaohua.i18n import t, using
from zaohua.report.document import document, header
from zaohua.report.html import Content, Html, table, tag
from zaohua.report.numbers import MISSING, decimal, percent

_STYLE = Html(".bar-track { min-width: 8rem }")
_MORE, _LESS = "#1f9a8a", "#b86a7c"  # readable on white and on near-black alike


@dataclass(frozen=True)
class Attribution:
    """One example: its name; the answer, its probability (None for a number), the truth where it is known; by modality,
    in one order: whether it was present, the fusion's weight (None for a fusion that has none), leave-one-out and
    Shapley values of the answer's log-probability or of the number, and (HTML) the thing itself, if it can be shown."""

    name: str
    answer: str
    probability: float | None
    truth: str | None
    modalities: tuple[str, ...]
    present: tuple[bool, ...]
    weights: tuple[float, ...] | None
    left_out: tuple[float, ...]
    shapley: tuple[float, ...]
    shown: tuple[Html | None, ...] | None = None


def write_attributions(path: Path, title: str, examples: Sequence[Attribution], language: str | None = None) -> None:
    """Write the page. language: "en" or "zh"; the one in force if None."""
    with using(language):
        write_atomic(path, render(title, examples))


def render(title: str, examples: Sequence[Attribution]) -> str:
    """The whole page as one HTML document that needs nothing else."""
    top = header(title, *(tag("p", t(f"fusion.{key}"), class_="note") for key in ("columns", "not_causes")))
    return document(title, top, *map(_section, examples), style=_STYLE)


def _section(example: Attribution) -> Html:
    longest = max((abs(value) for value in example.shapley), default=0.0)
    rows = [_row(example, m, longest) for m in range(len(example.modalities))]
    says = example.answer
    if example.probability is not None:
        says = t("fusion.says", answer=example.answer, probability=percent(example.probability))
    right = None
    if example.truth is not None:
        right = tag("p", t("fusion.right" if example.truth == example.answer else "fusion.wrong", truth=example.truth))
    head = [t(f"fusion.{key}") for key in ("modality", "weight", "left_out", "shapley")]
    if example.shown is not None:
        head.insert(1, "")
    return tag(
        "section",
        tag("h2", example.name),
        tag("p", says, class_="lead"),
        right,
        table([*head, ""], rows, class_="numbers"),
    )


def _row(example: Attribution, m: int, longest: float) -> list[Content]:
    present = example.present[m]
    weight = MISSING if example.weights is None else percent(example.weights[m])
    cells: list[Content] = [weight, _signed(example.left_out[m]), _signed(example.shapley[m])]
    if not present:
        cells = [t("fusion.absent"), MISSING, MISSING]
    bar = _bar(example.shapley[m], longest) if present else None
    shown = [] if example.shown is None else [example.shown[m]]
    return [example.modalities[m], *shown, *cells, bar]


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + decimal(value, 2)


def _bar(value: float, longest: float) -> Html:
    width = 0 if longest == 0 else 100 * abs(value) / longest
    colour = _MORE if value >= 0 else _LESS
    return tag("div", tag("div", class_="bar", style=f"width: {width:.1f}%; background: {colour}"), class_="bar-track")
