"""Rows in memory: what every modality holds, which cells are there, and what is to be told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from zaohua.data.records.forms import Cells, Forms

MODALITIES = ("text", "image", "audio", "video", "table")
"""The names that columns, models and their users know them by."""


@dataclass(frozen=True)
class TableRows:
    """numbers: float32 [N, K], NaN where there is none; words: a list a row, "" where there is none."""

    numbers: Tensor
    words: list[list[str]]

    @staticmethod
    def of(rows: Sequence[Cells]) -> "TableRows":
        """From rows of cells."""
        numbers = [[float("nan") if value is None else value for value in numbers] for numbers, _ in rows]
        return TableRows(
            torch.tensor(numbers, dtype=torch.float32).reshape(len(rows), -1), [words for _, words in rows]
        )

    def __getitem__(self, rows: Tensor) -> "TableRows":
        return TableRows(self.numbers[rows], _taken(self.words, rows))


@dataclass(frozen=True)
class Side:
    """N rows.

    values: by modality: text: a list of N, "" where there is none; image: uint8 [N, C, H, W]; audio: float32 [N, T];
    video: uint8 [N, F, C, H, W]; table: TableRows. present: bool [N] by modality; what is absent is zero. targets:
    numbers of classes, int64 [N], or numbers, float64 [N]. names: where each row stands. facts: further numbers of the
    rows, float32 [N] by name, that nothing is learnt from.
    """

    values: Mapping[str, Any]
    present: Mapping[str, Tensor]
    targets: Tensor
    names: list[str]
    facts: Mapping[str, Tensor] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.targets)

    def some(self, count: int) -> "Side":
        """So many rows at most, spread evenly: rows often come sorted by their class."""
        chosen = torch.linspace(0, len(self) - 1, min(count, len(self))).round().long()
        values, present, facts = (
            {name: _taken(of, chosen) for name, of in table.items()}
            for table in (self.values, self.present, self.facts)
        )
        return Side(values, present, self.targets[chosen], _taken(self.names, chosen), facts)


def _taken(of: Any, rows: Tensor) -> Any:
    """These rows of a tensor, a list or TableRows. rows: int64 [n]"""
    return [of[row] for row in rows.tolist()] if isinstance(of, list) else of[rows]


@dataclass(frozen=True)
class Records:
    """Both sides, and a third to measure on where the data come with one.

    classes: names in the order of their numbers, () where numbers are told. report: JSON-able; what was read, skipped
    and missing, the split, warnings, and `hash`, the identity of all of it.
    """

    train: Side
    validation: Side
    test: Side | None
    forms: Forms
    kind: Literal["class", "number"]
    classes: tuple[str, ...]
    report: dict[str, Any]

    @property
    def modalities(self) -> tuple[str, ...]:
        """Names of those there are."""
        return self.forms.modalities


def columns_of(rows: Sequence[dict[str, Any]], forms: Forms) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Rows of values as a Side holds them, and which are present; what is absent is zero. The rows are emptied on the
    way, so that nothing large is in memory twice."""
    present = {name: torch.tensor([name in row for row in rows], dtype=torch.bool) for name in forms.modalities}
    values: dict[str, Any] = {}
    for name in forms.modalities:
        cells = [row.pop(name, None) for row in rows]
        if name == "text":
            values[name] = [cell or "" for cell in cells]
        elif name == "table":
            assert forms.table is not None
            empty = forms.table.of({})
            values[name] = TableRows.of([empty if cell is None else cell for cell in cells])
        else:
            values[name] = _stacked(cells, getattr(forms, name).blank())
    return values, present


def _stacked(cells: list[np.ndarray | None], blank: np.ndarray) -> Tensor:
    made = np.zeros((len(cells), *blank.shape), blank.dtype)
    for place, cell in enumerate(cells):
        if cell is not None:
            made[place] = cell
            cells[place] = None
    return torch.from_numpy(made)
