"""Which of many things follow an earlier one that is like them: what the search for near-duplicates ends with."""

from collections.abc import Callable

import numpy as np

_CHECKED = 1 << 16  # pairs compared at once

Alike = Callable[[np.ndarray, np.ndarray], np.ndarray]  # numbers [P] and [P] -> whether each pair is alike, bool [P]


def followers(pairs: np.ndarray, alike: Alike) -> dict[int, int]:
    """Later things, each with the earlier one that it is like and that itself follows nothing.

    pairs: candidates (earlier, later), int64 [P, 2], in any order and as often as they come.
    """
    pairs = np.unique(pairs, axis=0)
    parts = [alike(*pairs[i : i + _CHECKED].T) for i in range(0, len(pairs), _CHECKED)]
    pairs = pairs[np.concatenate([np.empty(0, bool), *parts])]
    pairs = pairs[np.lexsort((pairs[:, 0], pairs[:, 1]))]
    found: dict[int, int] = {}
    for earlier, later in pairs.tolist():
        if later in found:
            continue
        # What is like a follower follows only if it is like the first one as well: chains do not drift.
        first = found.get(earlier, earlier)
        if first == earlier or alike(np.array([first]), np.array([later]))[0]:
            found[later] = first
    return found
