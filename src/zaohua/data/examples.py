"""What labelled texts, pairs of texts and pictures share: sides, the order of labels, and a hash of all."""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np

from zaohua.data.split import draw
from zaohua.data.spool import content_digest


def held_back(texts: Sequence[str], share: float, seed: int) -> np.ndarray:
    """Which examples belong to validation, bool [N]: a function of text and seed, so that equal texts share a side and
    adding or removing others moves none.

    It is the draw that parts the documents of a corpus: a model pretrained on these texts, with the same seed and
    share, has not read those held back here.
    """
    if not texts:
        return np.zeros(0, bool)
    digests = np.array([content_digest(text.encode("utf-8", "replace")) for text in texts], dtype=np.uint64)
    return draw(digests, seed) < share


def in_order(labels: Iterable[str]) -> list[str]:
    """Labels sorted, as numbers if all are."""
    found = list(labels)
    return sorted(found, key=(lambda label: (int(label), label)) if all(map(str.isdecimal, found)) else str)


def fingerprint(parts: Iterable[str]) -> str:
    """32 hexadecimal digits that other examples, or the same in another order, would not have."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "replace")
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()
