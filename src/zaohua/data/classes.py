"""The classes of pictures, sounds and clips: the folders they lie in, or the labels that came with them."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np

from zaohua.data.examples import in_order
from zaohua.errors import ZaohuaError
from zaohua.i18n import t


def classes_of(
    labels: Sequence[str], names: Sequence[str], wanted: bool | Literal["auto"], source: str
) -> tuple[tuple[str, ...], list[str]]:
    """The classes in the order of their numbers, and the class of each example; both empty if there are none.

    labels: folders such as "photos/birds/owl", of which the first that not all share is the class; names: of the same
    examples. "auto" finds classes if every example has one and there are two or more, each of two examples or more;
    True demands that, and raises ZaohuaError where it is not so.
    """
    found = _first_different(labels)
    counts = Counter(found)
    if wanted == "auto" and ("" in counts or len(counts) < 2 or min(counts.values()) < 2):
        wanted = False
    if not wanted:
        return (), []
    if set(counts) == {""} or len(counts) < 2:
        raise ZaohuaError(t("classes.none", source=source))
    if "" in counts:
        raise ZaohuaError(t("classes.beside", count=counts[""], name=names[found.index("")]))
    least = min(counts, key=lambda label: counts[label])
    if counts[least] < 2:
        raise ZaohuaError(t("classes.single", name=names[found.index(least)], label=least))
    return tuple(in_order(counts)), found


def numbered(
    found: Sequence[tuple[str, str]], given: Sequence[tuple[str, str]], wanted: bool | Literal["auto"], source: str
) -> tuple[tuple[str, ...], np.ndarray | None]:
    """The classes, and the number of each example's, int64 [N + M]; (), None if there are none.

    found: name and label of N examples, among which classes are looked for; given: of M to hold back, of known classes.
    """
    names, labels = [name for name, _ in found], [label for _, label in found]
    classes, named = classes_of(labels, names, wanted, source)
    if not classes:
        return (), None
    named += known_classes([label for _, label in given], [name for name, _ in given], classes)
    number = {name: number for number, name in enumerate(classes)}
    return classes, np.array([number[name] for name in named], dtype=np.int64)


def known_classes(labels: Sequence[str], names: Sequence[str], classes: Sequence[str]) -> list[str]:
    """The class of each example among those already known; ZaohuaError for one that is of none of them."""
    found = []
    for label, name in zip(labels, names, strict=True):
        known = [part for part in label.split("/") if part in classes]
        if not known:
            raise ZaohuaError(t("classes.unknown", name=name, classes=", ".join(classes)))
        found.append(known[0])
    return found


def _first_different(labels: Sequence[str]) -> list[str]:
    """The first folder of each path after those that all paths share; "" where a path has no more."""
    paths = [label.split("/") if label else [] for label in labels]
    depth = 0
    while all(len(path) > depth for path in paths) and len({path[depth] for path in paths}) == 1:
        depth += 1
    return [path[depth] if len(path) > depth else "" for path in paths]
