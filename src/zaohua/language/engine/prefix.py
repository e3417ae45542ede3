"""Beginnings that prompts share are read once: a tree of blocks of tokens with their keys and values."""

from collections import OrderedDict
from collections.abc import Sequence

from torch import Tensor

from zaohua.language.engine.slots import BLOCK, Slot


class PrefixStore:
    """Keys and values of whole blocks of prompts read before, those used last within `budget` bytes.

    A block is known by the block before it and by its own tokens, all compared, none hashed away. What is copied out
    are the very numbers that reading would have made, because prompts are always read in the same blocks.
    """

    def __init__(self, budget: int) -> None:
        self.budget, self.bytes = budget, 0
        self._blocks: OrderedDict[tuple[int, tuple[int, ...]], tuple[int, Tensor]] = OrderedDict()
        self._next = 1  # number of the next block; 0 is the root

    def __len__(self) -> int:
        return len(self._blocks)

    def fill(self, slot: Slot, ids: Sequence[int]) -> None:
        """Copy into an empty slot as many whole blocks of `ids` as are known, but never all of ids: the last token is
        read for its logits."""
        parent, used = 0, []
        while slot.length + BLOCK < len(ids):
            end = slot.length + BLOCK
            key = (parent, tuple(ids[slot.length : end]))
            if key not in self._blocks:
                break
            used.append(key)
            parent, kv = self._blocks[key]
            slot.kv[:, :, :, slot.length : end] = kv
            slot.length = end
        self._touch(used)

    def keep(self, slot: Slot, ids: Sequence[int]) -> None:
        """Remember the whole blocks of `ids`, which the slot holds."""
        size = slot.kv[:, :, :, :BLOCK].numel() * slot.kv.element_size()
        most = min(len(ids), slot.length, self.budget // size * BLOCK)
        parent, used = 0, []
        for start in range(0, most - BLOCK + 1, BLOCK):
            key = (parent, tuple(ids[start : start + BLOCK]))
            if key not in self._blocks:
                self._blocks[key] = (self._next, slot.kv[:, :, :, start : start + BLOCK].clone())
                self._next += 1
                self.bytes += size
            parent = self._blocks[key][0]
            used.append(key)
        self._touch(used)
        while self.bytes > self.budget:
            self._blocks.popitem(last=False)
            self.bytes -= size

    def _touch(self, keys: list[tuple[int, tuple[int, ...]]]) -> None:
        """These were used last: the beginning latest of all, so that no block goes before those that follow it."""
        for key in reversed(keys):
            self._blocks.move_to_end(key)
