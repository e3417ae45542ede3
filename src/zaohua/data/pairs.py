"""Pairs of texts from a table: a question and its answer, a title and its article, a list and its description."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from zaohua.data.clean import clean_text
from zaohua.data.config import Column
from zaohua.data.examples import fingerprint, held_back
from zaohua.data.report import SourceReport
from zaohua.data.rows import read_rows
from zaohua.errors import ZaohuaError
from zaohua.i18n import t
from zaohua.recipe import Section


class PairsConfig(Section):
    """The `[data]` section of a recipe for pairs of texts."""

    source: str | list[str] = Field(description="one or several of csv: jsonl: parquet: file: folder: hf:")
    needs: str | None = Field(default=None, description="what the user must bring, if anything")
    first: Column = Field(default="first", description="column of the first text; several are joined by commas")
    second: Column = Field(default="second", description="column of the second; numbers where there is no header")
    halves: bool = Field(default=False, description="data.first is the whole text: its lines are parted in the middle")
    normalise: Literal["NFC", "NFKC", "none"] = "NFC"
    validation: float = Field(default=0.1, gt=0.0, lt=1.0, description="share of the first texts held back")

    @property
    def sources(self) -> list[str]:
        """The sources as a list, however they were written."""
        return [self.source] if isinstance(self.source, str) else self.source


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts that belong together."""

    first: str
    second: str


def columns(pairs: Sequence[Pair]) -> tuple[list[str], list[str]]:
    """All first texts, and all second ones."""
    return [pair.first for pair in pairs], [pair.second for pair in pairs]


@dataclass(frozen=True)
class Pairs:
    """Both sides. report: as in zaohua.data.labelled.Labelled."""

    train: list[Pair]
    validation: list[Pair]
    report: dict[str, Any]


def read_pairs(config: PairsConfig, seed: int) -> Pairs:
    """Read, clean and split by the first text, so that one with several partners is on one side with all of them.

    A pair that comes again is left out, and a held-back one whose second text is also learnt from. data.halves: texts
    of a single line have no second half and are left out.
    Raises ZaohuaError where nothing is left for a side.
    """
    report = SourceReport()
    found: dict[tuple[str, str], None] = {}
    empty = []
    fields = {"data.first": config.first} | ({} if config.halves else {"data.second": config.second})
    for row in read_rows(config.sources, fields, report):
        texts = [clean_text(value, config.normalise) for value in row.values]
        first, second = _halves(texts[0]) if config.halves else texts
        if not first.strip() or not second.strip():
            empty.append(row.where)
            report.removed["short"] += 1
            continue
        report.characters += len(first) + len(second)
        report.bytes += len((first + second).encode("utf-8", "replace"))
        report.removed["exact"] += (first, second) in found
        found[first, second] = None
    pairs = [Pair(*pair) for pair in found]
    held = held_back([pair.first for pair in pairs], config.validation, seed)
    train, validation = ([pair for pair, out in zip(pairs, held, strict=True) if out == side] for side in (False, True))
    learnt = {pair.second for pair in train}
    apart = [pair for pair in validation if pair.second not in learnt]
    report.removed["exact"] += len(validation) - len(apart)
    if not train or not apart:
        raise ZaohuaError(t("examples.too_few", count=len(found), source=", ".join(config.sources)))
    facts = report.as_dict() | {
        "sources": config.sources,
        "examples": {"train": len(train), "validation": len(apart)},
        "warnings": [t("examples.empty", count=len(empty), where=empty[0])] if empty else [],
        "hash": fingerprint(
            f"{side}\0{p.first}\0{p.second}" for side, pairs in enumerate((train, apart)) for p in pairs
        ),
    }
    return Pairs(train, apart, facts)


def _halves(text: str) -> tuple[str, str]:
    """The upper and the lower half of the lines, the upper one longer by one where their number is odd."""
    lines = [line for line in text.splitlines() if line.strip()]
    middle = (len(lines) + 1) // 2
    return "\n".join(lines[:middle]), "\n".join(lines[middle:])
