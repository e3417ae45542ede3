"""Which pictures are held back for validation: whole groups of copies, by their content and the seed."""

import numpy as np

from zaohua.data.split import draw

_FEW = 200  # groups; with fewer, the share is counted out, for a draw would miss it by too much


def held_back(
    groups: np.ndarray, digests: np.ndarray, labels: np.ndarray | None, share: float, seed: int
) -> np.ndarray:
    """Whether each picture belongs to validation, bool [N]; whether one does depends on no other, if there are many.

    groups: int64 [N], for each picture the number of the first one of its group; digests: uint64 [N, 2];
    labels: int64 [N] or None. No group is on both sides; a group larger than half of what is wanted is not held back,
    and no class is held back whole.
    """
    lots = draw(digests, seed)[groups]
    firsts, sizes = np.unique(groups, return_counts=True)
    firsts = firsts[(sizes == 1) | (sizes <= share * len(groups) / 2)]
    if len(firsts) < _FEW:
        wanted = max(1, round(share * len(firsts)))
        held = firsts[np.argsort(lots[firsts], kind="stable")[: min(wanted, len(np.unique(groups)) - 1)]]
    else:
        held = firsts[lots[firsts] < share]
    result = np.isin(groups, held)
    for label in np.unique(labels[result]) if labels is not None else ():
        of_class = np.flatnonzero(labels == label)
        if result[of_class].all():
            last = of_class[np.argmax(lots[of_class])]
            result[groups == groups[last]] = False
    return result
