"""Pictures, sounds and clips on their two sides, training and validation: told apart, counted, and known by content."""

from collections.abc import Sequence

import numpy as np

from zaohua.data.examples import fingerprint
from zaohua.errors import ZaohuaError
from zaohua.i18n import t


def sides_of(held: np.ndarray, kind: str, source: str) -> list[np.ndarray]:
    """Numbers of those to train on and of those held back, int64 each. held: bool [N]

    Raises ZaohuaError, in the words of the kind ("pictures", "sounds" or "clips"), if a side is empty.
    """
    sides = [np.flatnonzero(~held), np.flatnonzero(held)]
    if not all(map(len, sides)):
        raise ZaohuaError(t(f"{kind}.too_few", count=len(held), source=source))
    return sides


def class_counts(classes: Sequence[str], labels: np.ndarray | None, side: np.ndarray) -> dict[str, int]:
    """How many of each class are on one side; empty without classes."""
    if labels is None:
        return {}
    return dict(zip(classes, np.bincount(labels[side], minlength=len(classes)).tolist(), strict=True))


def identity(
    settings: str, digests: Sequence[tuple[int, int]], sides: Sequence[np.ndarray], labels: np.ndarray | None
) -> str:
    """A hash of all that decides what a network is given. settings: how it was made of the contents whose digests these
    are."""
    contents = (
        f"{side} {None if labels is None else labels[number]} {digests[number]}"
        for side, numbers in enumerate(sides)
        for number in numbers
    )
    return fingerprint([settings, *contents])
