"""Where the keys and values of running texts are kept: shelves of slots, a slot for each text from its beginning on."""

from bisect import insort

import torch
from torch import Tensor

from zaohua.language.decoder import DecoderConfig

BLOCK = 64  # positions: capacities are whole blocks, prompts are read and shared in blocks
_MOST_ON_A_SHELF, _SHELVES = 16, 4  # texts; a budget is enough for at least so many shelves, or for slots of their own


def blocks(positions: int) -> int:
    """The smallest whole number of blocks that holds so many positions, in positions."""
    return -(-positions // BLOCK) * BLOCK


class Shelf:
    """Room for several texts side by side, where one product can reach them all: kv is [L, 2, R, H_kv, capacity, d]."""

    def __init__(self, kv: Tensor, number: int) -> None:
        self.kv, self.number = kv, number
        self.free = list(range(kv.shape[2]))  # rows, in order

    @property
    def capacity(self) -> int:
        """Positions of each text."""
        return self.kv.shape[4]

    @property
    def empty(self) -> bool:
        """Whether no text is here."""
        return len(self.free) == self.kv.shape[2]


class Slot:
    """Keys and values of one text for every layer: kv is [L, 2, H_kv, capacity, d], filled up to `length`."""

    def __init__(self, shelf: Shelf, row: int) -> None:
        self.shelf, self.row = shelf, row
        self.kv, self.length = shelf.kv[:, :, row], 0
        self._cleared = 0  # what is beyond may be anything

    @property
    def capacity(self) -> int:
        """Positions there is room for."""
        return self.shelf.capacity

    @property
    def place(self) -> tuple[int, int]:
        """Number of its shelf, row there."""
        return self.shelf.number, self.row

    def clear(self, start: int, end: int) -> None:
        """See to it that nothing from `start`, where the text stops, to `end` is infinite or no number at all, as an
        earlier text may have left it: what a product takes with weight 0 must count for 0."""
        if self._cleared < end:
            start, self._cleared = max(self._cleared, start), min(blocks(end), self.capacity)
            self.kv[:, :, :, start : self._cleared] = 0

    def copy_from(self, other: "Slot") -> None:
        """Hold what `other` holds, in whole blocks, in which a decoder may keep it in an order of its own."""
        end = blocks(other.length)
        self.kv[:, :, :, :end] = other.kv[:, :, :, :end]
        self.length = other.length


class SlotPool:
    """Hands out slots within a budget of memory and keeps those given back for the next text: memory that is touched
    for the first time costs as much as some layers of a small model."""

    def __init__(self, config: DecoderConfig, budget: int, like: Tensor) -> None:
        self.config, self.budget, self.like = config, budget, like
        self.used = 0  # slots handed out
        self.shelves: list[Shelf] = []
        self._numbers = 0

    @property
    def held(self) -> int:
        """Bytes of all slots, handed out or free."""
        return sum(shelf.kv.nbytes for shelf in self.shelves)

    def take(self, positions: int, beside: int = 0) -> Slot | None:
        """An empty slot for so many positions, or None while others fill the memory. A text that is alone gets its
        slot whatever the budget; beside: slots that it has already."""
        capacity = self._capacity(positions)
        fitting = [shelf for shelf in self.shelves if shelf.free and shelf.capacity >= capacity]
        shelf = min(fitting, key=lambda shelf: shelf.capacity) if fitting else self._build(capacity, beside)
        if shelf is None:
            return None
        self.used += 1
        return Slot(shelf, shelf.free.pop(0))

    def give_back(self, slot: Slot) -> None:
        """The text in it has ended."""
        self.used -= 1
        insort(slot.shelf.free, slot.row)

    def _capacity(self, positions: int) -> int:
        """A power of two of blocks, so that texts of about one length share a shelf, or the whole context."""
        count = blocks(positions) // BLOCK
        return min(BLOCK << (count - 1).bit_length(), blocks(self.config.context))

    def _build(self, capacity: int, beside: int) -> Shelf | None:
        """A new shelf, in the place of empty ones if need be."""
        c = self.config
        size = capacity * c.kv_bytes_per_token(self.like.element_size())
        while self.budget - self.held < size:
            unused = next((shelf for shelf in self.shelves if shelf.empty), None)
            if unused is not None:
                self.shelves.remove(unused)
            elif self.used > beside:
                return None
            else:
                break
        rows = min(_MOST_ON_A_SHELF, self.budget // _SHELVES // size, (self.budget - self.held) // size)
        shape = (c.layers, 2, max(1, rows), c.kv_heads, capacity, c.head_dim)
        shelf = Shelf(torch.empty(shape, dtype=self.like.dtype, device=self.like.device), self._numbers)
        self._numbers += 1
        self.shelves.append(shelf)
        return shelf
