"""Several texts in one row of tokens, end to end, so that no place is padding; none of them sees another."""

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from zaohua.language.chat import Encoded
from zaohua.nn.attention import Packed


def pack(lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """Which texts go together into windows of `capacity` tokens: the longest first, each where it leaves least room.

    lengths: of each text, at most the capacity. The windows in the order in which they were begun.
    """
    windows: list[list[int]] = []
    rooms: list[tuple[int, int]] = []  # room left and window, ascending
    for index in sorted(range(len(lengths)), key=lambda index: (-lengths[index], index)):
        place = bisect_left(rooms, (lengths[index], -1))
        if place == len(rooms):
            room, window = capacity, len(windows)
            windows.append([])
        else:
            room, window = rooms.pop(place)
        windows[window].append(index)
        insort(rooms, (room - lengths[index], window))
    return windows


@dataclass(frozen=True)
class Row:
    """Texts end to end, as a decoder takes them, and what it is to predict.

    ids, positions: [1, N], positions beginning anew with every text; places: [M], those in the row after which a learnt
    token follows; targets: [M], these tokens; owners: [M], the number of the text each is in; lengths: of the texts.
    """

    ids: Tensor
    positions: Tensor
    places: Tensor
    targets: Tensor
    owners: Tensor
    lengths: tuple[int, ...]

    @property
    def mask(self) -> Packed:
        """Each text by itself."""
        return Packed(self.lengths)

    @classmethod
    def of(cls, texts: Sequence[Encoded], device: torch.device) -> "Row":
        """The row of these texts, each of at least two tokens; the last of each is only predicted."""
        lengths = [len(text.ids) - 1 for text in texts]
        learnt = np.concatenate([text.learnt[1:] for text in texts])
        places = np.flatnonzero(learnt)
        owners = np.repeat(np.arange(len(texts)), lengths)[places]

        def tensor(values: np.ndarray) -> Tensor:
            return torch.from_numpy(values.astype(np.int64)).to(device)

        return cls(
            ids=tensor(np.concatenate([text.ids[:-1] for text in texts]))[None],
            positions=tensor(np.concatenate([np.arange(length) for length in lengths]))[None],
            places=tensor(places),
            targets=tensor(np.concatenate([text.ids[1:] for text in texts])[places]),
            owners=tensor(owners),
            lengths=tuple(lengths),
        )

    @classmethod
    def of_windows(cls, windows: Tensor) -> "Row":
        """The row of windows of one length, of which every token but the first is learnt. windows: [b, T + 1]"""
        count, length = windows.shape[0], windows.shape[1] - 1
        each = torch.arange(length, device=windows.device)
        return cls(
            ids=windows[:, :-1].reshape(1, -1),
            positions=each.repeat(count)[None],
            places=torch.arange(count * length, device=windows.device),
            targets=windows[:, 1:].reshape(-1),
            owners=torch.arange(count, device=windows.device).repeat_interleave(length),
            lengths=(length,) * count,
        )
