"""Texts with a label each, from a table: read, checked, and parted into training and validation."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from zaohua.data.clean import clean_text
from zaohua.data.config import Column
from zaohua.data.examples import fingerprint, held_back, in_order
from zaohua.data.report import SourceReport
from zaohua.data.rows import read_rows
from zaohua.errors import ZaohuaError, one_line
from zaohua.i18n import t
from zaohua.recipe import Section


class LabelledConfig(Section):
    """The `[data]` section of a recipe for labelled texts."""

    source: str | list[str] = Field(description="one or several of csv: jsonl: parquet: file: folder: hf:")
    needs: str | None = Field(default=None, description="what the user must bring, if anything")
    text: Column = Field(
        default="text", description="column of the text; several are joined by commas; a number: no header"
    )
    label: Column = Field(default="label", description="column of the label")
    classes: str | list[str] = Field(default=[], description="names behind numbers: a list, or a file, a name a line")
    normalise: Literal["NFC", "NFKC", "none"] = "NFC"
    validation: float = Field(default=0.1, gt=0.0, lt=1.0, description="share of the texts held back")
    validation_source: str | list[str] | None = Field(default=None, description="texts to hold back, all of them")

    @property
    def sources(self) -> list[str]:
        """The sources as a list, however they were written."""
        return [self.source] if isinstance(self.source, str) else self.source


@dataclass(frozen=True, slots=True)
class Example:
    """A text, the number of its label, and where it stands: "news.csv:12"."""

    text: str
    label: int
    where: str


@dataclass(frozen=True)
class Labelled:
    """Both sides and the labels' names, in the order of their numbers.

    report: JSON-able; what was read, removed and kept, the split, warnings, and `hash`, the identity of all of it.
    """

    train: list[Example]
    validation: list[Example]
    labels: tuple[str, ...]
    report: dict[str, Any]


def read_labelled(config: LabelledConfig, seed: int, labels: Sequence[str] | None = None) -> Labelled:
    """Read, clean and split. labels: those of a model that is to be measured; a text with another one is an error.

    A text that comes again is left out, also if it came with another label, which the report counts. Raises
    ZaohuaError, naming file and line, for a class with a single text or one that training lacks.
    """
    report = SourceReport()
    fields = {"data.text": config.text, "data.label": config.label}
    names = _class_names(config)
    seen: dict[str, str] = {}
    train: list[tuple[str, str, str]] = []  # text, label, where it stands
    validation: list[tuple[str, str, str]] = []
    empty, contradicting = [], []

    def take(sources: Sequence[str]) -> list[tuple[str, str, str]]:
        kept = []
        for row in read_rows(sources, fields, report):
            text, label = clean_text(row.values[0], config.normalise), row.values[1].strip()
            if not text.strip():
                empty.append(row.where)
                report.removed["short"] += 1
                continue
            if not label:
                raise ZaohuaError(t("examples.no_label", where=row.where))
            report.characters += len(text)
            report.bytes += len(text.encode("utf-8", "replace"))
            if text in seen:
                report.removed["exact"] += 1
                contradicting.extend([row.where] * (seen[text] != label))
                continue
            seen[text] = label
            kept.append((text, label, row.where))
        return kept

    rows = take(config.sources)
    if config.validation_source is None:
        for row, held in zip(rows, held_back([text for text, _, _ in rows], config.validation, seed), strict=True):
            (validation if held else train).append(row)
    else:
        given = config.validation_source
        train, validation = rows, take([given] if isinstance(given, str) else given)
    if not train or not validation:
        raise ZaohuaError(t("examples.too_few", count=len(rows), source=", ".join(config.sources)))
    everything = rows if config.validation_source is None else [*rows, *validation]
    order = _order({label: where for _, label, where in reversed(everything)}, names)
    shown = tuple(order.values())
    if labels is None:
        _check(train, validation, shown, order)
    else:
        shown = tuple(labels)
    numbers = {label: shown.index(name) if name in shown else -1 for label, name in order.items()}
    sides = [
        [Example(text, _number(numbers, label, where, shown), where) for text, label, where in side]
        for side in (train, validation)
    ]
    warnings = [t("examples.empty", count=len(empty), where=empty[0])] if empty else []
    if contradicting:
        warnings.append(t("examples.contradicting", count=len(contradicting), where=contradicting[0]))
    facts = report.as_dict() | {
        "sources": config.sources,
        "classes": {name: sum(e.label == number for e in sides[0]) for number, name in enumerate(shown)},
        "examples": {"train": len(sides[0]), "validation": len(sides[1])},
        "warnings": warnings,
        "hash": fingerprint(f"{side}\0{e.label}\0{e.text}" for side in (0, 1) for e in sides[side]),
    }
    return Labelled(sides[0], sides[1], shown, facts)


def _class_names(config: LabelledConfig) -> list[str]:
    """The names that the recipe gives the classes, from a list or a file."""
    if not isinstance(config.classes, str):
        return config.classes
    try:
        lines = Path(config.classes).expanduser().read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ZaohuaError(t("data.unreadable", path=config.classes, reason=one_line(error))) from error
    return [line.strip() for line in lines if line.strip()]


def _order(found: dict[str, str], names: list[str]) -> dict[str, str]:
    """Label as it stands in the table -> its name, in the order of the classes' numbers.

    found: label -> where it stands first. Without names the labels are their own, numbers sorted as numbers. With
    names a label may be the name itself or its number, counted from 0 if a 0 occurs, from 1 if the last number does;
    ZaohuaError where neither tells.
    """
    if not names:
        return {label: label for label in in_order(found)}
    first, last = 0 if "0" in found else 1, str(len(names))
    for label, where in found.items():
        if first and last not in found and label not in names and label.isdecimal() and int(label) < len(names):
            raise ZaohuaError(t("examples.from_0_or_1", label=label, where=where, last=last))
    known = {str(number): name for number, name in enumerate(names, first)} | {name: name for name in names}
    for label, where in found.items():
        if label not in known:
            raise ZaohuaError(t("examples.no_such_class", label=label, where=where, names=", ".join(names)))
    return {label: known[label] for label in sorted(found, key=lambda label: names.index(known[label]))}


def _check(
    train: list[tuple[str, str, str]], validation: list[tuple[str, str, str]], shown: tuple[str, ...], order: dict
) -> None:
    """Every class can be learnt: at least two of them, each with two texts, one of them in training."""
    everywhere = Counter(label for _, label, _ in [*train, *validation])
    learnt = {label for _, label, _ in train}
    for _, label, where in [*train, *validation]:
        if everywhere[label] == 1:
            raise ZaohuaError(t("examples.single", label=order[label], where=where))
    for _, label, where in validation:
        if label not in learnt:
            raise ZaohuaError(t("examples.unseen", label=order.get(label, label), where=where))
    if len(shown) < 2:
        raise ZaohuaError(t("examples.one_class", label=shown[0]))


def _number(numbers: dict[str, int], label: str, where: str, shown: tuple[str, ...]) -> int:
    number = numbers.get(label, -1)
    if number < 0:
        raise ZaohuaError(t("examples.no_such_class", label=label, where=where, names=", ".join(shown)))
    return number
