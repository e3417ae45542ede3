"""From a table to both sides: every row opened, what cannot be used named and counted, then parted."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from zaohua.data.examples import in_order
from zaohua.data.pictures.copies import groups, related
from zaohua.data.pictures.split import held_back
from zaohua.data.records.config import RecordsConfig
from zaohua.data.records.forms import Forms
from zaohua.data.records.notes import facts_of, warnings_about
from zaohua.data.records.rows import Row, rows_of
from zaohua.data.records.types import Records, Side, columns_of
from zaohua.data.report import SourceReport
from zaohua.data.sides import identity
from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import t


def read_records(config: RecordsConfig, seed: int, classes: Sequence[str] = (), *, visible: bool = False) -> Records:
    """Read, open and split. classes: those of a model that is to be measured; visible: a bar on the terminal.

    A file that is missing, damaged or silent is left out of its row and counted; a row of which nothing is left, or
    that does not say what it should be told by, is left out whole. Rows of one group, of equal content or with an equal
    file are on one side. Raises UsageError or ZaohuaError, one line, for a table that cannot be read, lacks a column or
    has nothing to learn from.
    """
    report = SourceReport()
    forms = config.forms
    if not forms.modalities:
        raise UsageError(t("records.no_modality"))
    found = rows_of(config, config.source, forms, report, visible=visible)
    given = (
        rows_of(config, config.validation_source, forms, report, visible=visible) if config.validation_source else []
    )
    both = [*found, *given]
    if not both:
        raise ZaohuaError(t("records.none", source=config.source, skipped=sum(report.skipped.values())))
    known, targets = _targets(both, len(found), config, classes)
    labels = targets.numpy() if known else None
    digests = np.array([row.digest for row in both], dtype=np.uint64)
    if given:
        held = np.arange(len(both)) >= len(found)
    else:
        held = held_back(groups(len(both), _kin(both)), digests, labels, config.validation, seed)
    if held.all() or not held.any():
        raise ZaohuaError(t("records.too_few", count=len(both), source=config.source))
    sides = np.flatnonzero(~held), np.flatnonzero(held)
    facts = facts_of(config, both, report, sides, known, targets) | {
        "hash": identity(f"{forms} {known}", [row.digest for row in both], sides, targets.numpy()),
    }
    facts["warnings"] = warnings_about(facts)
    train, validation = (_side([both[number] for number in side], targets[side], forms) for side in sides)
    return Records(train, validation, None, forms, config.kind, known, facts)


def _kin(rows: Sequence[Row]) -> list[tuple[int, int]]:
    """Pairs of rows that belong on one side."""
    pairs = [*related([str(row.digest) for row in rows]), *related([row.group for row in rows])]
    first: dict[tuple[int, int], int] = {}
    return pairs + [(first.setdefault(file, number), number) for number, row in enumerate(rows) for file in row.files]


def _targets(
    rows: Sequence[Row], count: int, config: RecordsConfig, classes: Sequence[str]
) -> tuple[tuple[str, ...], Tensor]:
    """Names of the classes, and of each row its number, int64 [N]; or no names and numbers, float64 [N].

    count: rows of the source itself, which alone says what classes there are. Raises ZaohuaError for a single class or
    number, and for one that is not among those to choose from.
    """
    if config.kind == "number":
        numbers = torch.tensor([float(row.target) for row in rows], dtype=torch.float64)
        if len(numbers.unique()) < 2 and not classes:
            raise ZaohuaError(t("records.one_number", value=rows[0].target, source=config.source))
        return (), numbers
    names = tuple(classes) or tuple(in_order({row.target for row in rows[:count]}))
    if len(names) < 2:
        raise ZaohuaError(t("records.one_class", label=", ".join(names), source=config.source))
    place = {name: number for number, name in enumerate(names)}
    for row in rows:
        if row.target not in place:
            known = ", ".join(names)
            raise ZaohuaError(t("examples.no_such_class", label=row.target, where=row.where, names=known))
    return names, torch.tensor([place[row.target] for row in rows])


def _side(rows: Sequence[Row], targets: Tensor, forms: Forms) -> Side:
    """One side's rows, moved into tensors."""
    return Side(*columns_of([row.values for row in rows], forms), targets, [row.where for row in rows])
