"""Project labels: which kinds of content expose a task, read twice by the rubric beside this file."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zaohua.errors import ZaohuaError
from zaohua.i18n import t

KINDS = ("text", "image", "audio", "video", "multimodal")
LEVELS = "NUL"  # unlikely, uncertain, likely: their order is the scale


@dataclass(frozen=True)
class Label:
    """One task: the answers of both passes and what became of them, a letter of LEVELS for each of KINDS.

    second is empty where only one pass has been made."""

    id: str
    first: str
    second: str
    merged: str

    @property
    def levels(self) -> tuple[str, str]:
        """The highest level of any kind in each pass."""
        return max(self.first, key=LEVELS.index), max(self.second, key=LEVELS.index)

    @property
    def overall(self) -> str:
        """The highest level of any kind."""
        return max(self.merged, key=LEVELS.index)


def merged(first: str, second: str) -> str:
    """Equal answers stand; neighbours meet at U's side; L against N is U: whatever differs is uncertain."""
    return "".join(a if a == b else "U" for a, b in zip(first, second, strict=True))


def read_pass(file: Path) -> dict[str, str]:
    """Identifier to five letters, from a table of id and KINDS. Raises ZaohuaError at a row it cannot read."""
    found = {}
    with file.open(encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines, delimiter="\t"), 2):
            answers = "".join((row.get(kind) or "").strip().upper() for kind in KINDS)
            if len(answers) != len(KINDS) or set(answers) - set(LEVELS):
                raise ZaohuaError(t("exposure.bad_answer", file=file, line=number))
            found[row["id"]] = answers
    return found


def write_labels(labels: Sequence[Label], file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(["id", "first", "second", "merged"])
        table.writerows(
            [label.id, label.first, label.second, label.merged] for label in sorted(labels, key=lambda x: x.id)
        )


def read_labels(source: str) -> dict[str, Label]:
    """The labels that ship: `onet` or `csco`, by identifier."""
    with (Path(__file__).parent / f"{source}.csv").open(encoding="utf-8", newline="") as lines:
        return {row["id"]: Label(**row) for row in csv.DictReader(lines)}


def agreement(labels: Sequence[Label]) -> dict[str, dict[str, float]]:
    """For each kind and over the highest of them: share of equal answers, κ, linearly weighted κ, shares of levels."""
    columns = {kind: [(x.first[i], x.second[i]) for x in labels] for i, kind in enumerate(KINDS)}
    columns["overall"] = [label.levels for label in labels]
    return {kind: _agreement(pairs) for kind, pairs in columns.items()}


def _agreement(pairs: Sequence[tuple[str, str]]) -> dict[str, float]:
    same = sum(a == b for a, b in pairs) / len(pairs)
    return {
        "agree": round(same, 3),
        "kappa": round(kappa(pairs, lambda a, b: float(a != b)), 3),
        "weighted_kappa": round(kappa(pairs, lambda a, b: abs(LEVELS.index(a) - LEVELS.index(b)) / 2), 3),
        **{f"first_{level}": sum(a == level for a, _ in pairs) for level in LEVELS},
        **{f"second_{level}": sum(b == level for _, b in pairs) for level in LEVELS},
    }


def kappa(pairs: Sequence[tuple[str, str]], cost) -> float:
    """Cohen's κ with a cost of disagreement (1968): 1 - observed cost / cost expected of independent raters."""
    total = len(pairs)
    observed = sum(cost(a, b) for a, b in pairs) / total
    expected = sum(cost(a, b) for a, _ in pairs for _, b in pairs) / total**2
    return 1.0 if expected == 0 else 1 - observed / expected
