"""The classes of pictures: the folders they lie in, or the labels that came with them."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from zaohua.data.examples import in_order
from zaohua.errors import ZaohuaError
from zaohua.i18n import t


def classes_of(
    labels: Sequence[str], names: Sequence[str], wanted: bool | Literal["auto"], source: str
) -> tuple[tuple[str, ...], list[str]]:
    """The classes in the order of their numbers, and the class of each picture; both empty if there are none.

    labels: folders such as "photos/birds/owl", of which the first that not all share is the class; names: of the same
    pictures. "auto" finds classes if every picture has one and there are two or more, each of two pictures or more;
    True demands that, and raises ZaohuaError where it is not so.
    """
    found = _first_different(labels)
    counts = Counter(found)
    if wanted == "auto" and ("" in counts or len(counts) < 2 or min(counts.values()) < 2):
        wanted = False
    if not wanted:
        return (), []
    if set(counts) == {""} or len(counts) < 2:
        raise ZaohuaError(t("pictures.no_classes", source=source))
    if "" in counts:
        raise ZaohuaError(t("pictures.beside_classes", count=counts[""], name=names[found.index("")]))
    least = min(counts, key=lambda label: counts[label])
    if counts[least] < 2:
        raise ZaohuaError(t("pictures.single", name=names[found.index(least)], label=least))
    return tuple(in_order(counts)), found


def known_classes(labels: Sequence[str], names: Sequence[str], classes: Sequence[str]) -> list[str]:
    """The class of each picture among those already known; ZaohuaError for a picture that is of none of them."""
    found = []
    for label, name in zip(labels, names, strict=True):
        known = [part for part in label.split("/") if part in classes]
        if not known:
            raise ZaohuaError(t("pictures.unknown_class", name=name, classes=", ".join(classes)))
        found.append(known[0])
    return found


def _first_different(labels: Sequence[str]) -> list[str]:
    """The first folder of each path after those that all paths share; "" where a path has no more."""
    paths = [label.split("/") if label else [] for label in labels]
    depth = 0
    while all(len(path) > depth for path in paths) and len({path[depth] for path in paths}) == 1:
        depth += 1
    return [path[depth] if len(path) > depth else "" for path in paths]
