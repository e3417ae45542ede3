"""What the reports on pictures, sounds and clips say alike: facts for machines, warnings for people."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zaohua.i18n import t

MUCH = 0.1  # share of the examples from which something is worth a warning
_UNEVEN = 20  # times as many examples in one class as in another


def origin(source: str, validation_source: str | None) -> dict[str, Any]:
    """Where it all comes from, and the line that a built-in set asks to be shown with it; empty for sources of one's
    own."""
    return {"source": source, "validation_source": validation_source, "credit": _credit(source)}


def _credit(source: str) -> str:
    kind, _, where = source.partition(":")
    if kind != "builtin":
        return ""
    from zaohua.data.builtin import SETS

    return SETS[where].credit


def sizes(originals: Sequence[tuple[int, int]]) -> dict[str, list[int]]:
    """The smallest, the middle and the largest of widths and heights, by their area."""
    by_area = sorted(originals, key=lambda sides: (sides[0] * sides[1], sides))
    return {
        "smallest": list(by_area[0]),
        "median": list(by_area[len(by_area) // 2]),
        "largest": list(by_area[-1]),
    }


def durations(seconds: np.ndarray) -> dict[str, float]:
    """How long examples are, in all and one by one."""
    return {
        "total": round(float(seconds.sum()), 3),
        "shortest": round(float(seconds.min()), 3),
        "median": round(float(np.median(seconds)), 3),
        "longest": round(float(seconds.max()), 3),
    }


def usual_warnings(
    kind: str,
    facts: Mapping[str, Any],
    names: Sequence[str],
    own: Sequence[str],
    across: Sequence[tuple[int, int]],
    *,
    few: int,
    exact: Mapping[int, int] | None = None,
    labels: np.ndarray | None = None,
) -> list[str]:
    """What may spoil the training, in words.

    kind: "pictures", "sounds" or "clips", whose messages are used; facts: as the report will say them; names: of all
    examples; own: what only this kind is warned of; across: copies on both sides; few: examples to train on below which
    a network soon knows them by heart; exact: copies, with the first of each, which `labels` may contradict.
    """
    found, train = [], facts[kind]["train"]
    if skipped := sum(facts["skipped"].values()):
        name, reason, _ = facts["skipped_names"][0]
        found.append(t(f"{kind}.skipped", count=skipped, name=name, reason=t(f"data.skip_{reason}")))
    if train < few:
        found.append(t(f"{kind}.few", count=train))
    found += own
    if sum(facts["copies"].values()) > MUCH * len(names):
        found.append(t(f"{kind}.copies", count=sum(facts["copies"].values())))
    if across:
        later, first = (names[number] for number in across[0])
        found.append(t(f"{kind}.across", count=len(across), later=later, first=first))
    if facts["classes"]:
        by_size = sorted(facts["classes"].items(), key=lambda item: item[1])
        (least, least_count), (most, most_count) = by_size[0], by_size[-1]
        if most_count > _UNEVEN * least_count:
            found.append(t(f"{kind}.uneven", most=most, many=most_count, least=least, few=least_count))
    if exact is not None and labels is not None:
        contradicting = [number for number, first in exact.items() if labels[number] != labels[first]]
        if contradicting:
            name, first = (names[number] for number in (contradicting[0], exact[contradicting[0]]))
            found.append(t(f"{kind}.contradicting", count=len(contradicting), name=name, first=first))
    return found
