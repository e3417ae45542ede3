"""Where the keys and values of running texts are kept: one block of memory per text, allocated before it begins."""

import torch
from torch import Tensor

from zaohua.language.decoder import DecoderConfig

BLOCK = 64  # positions: capacities are whole blocks, prompts are read and shared in blocks


def blocks(positions: int) -> int:
    """The smallest whole number of blocks that holds so many positions, in positions."""
    return -(-positions // BLOCK) * BLOCK


class Slot:
    """Keys and values of one text for every layer: kv is [L, 2, H_kv, capacity, d], filled up to `length`."""

    def __init__(self, kv: Tensor) -> None:
        self.kv, self.length = kv, 0

    @property
    def capacity(self) -> int:
        """Positions there is room for."""
        return self.kv.shape[3]

    @property
    def bytes(self) -> int:
        """Memory of the whole slot."""
        return self.kv.nbytes

    def copy_from(self, other: "Slot") -> None:
        """Hold what `other` holds."""
        self.kv[:, :, :, : other.length] = other.kv[:, :, :, : other.length]
        self.length = other.length


class SlotPool:
    """Hands out slots within a budget of memory and keeps those given back for the next text: memory that is touched
    for the first time costs as much as some layers of a small model."""

    def __init__(self, config: DecoderConfig, budget: int, like: Tensor) -> None:
        self.config, self.budget, self.like = config, budget, like
        self.used = 0  # slots handed out
        self.held = 0  # bytes of all slots, handed out or free
        self.free: list[Slot] = []

    def take(self, positions: int) -> Slot | None:
        """An empty slot for so many positions, or None while others fill the memory. A text that is alone gets its
        slot whatever the budget."""
        capacity = blocks(min(positions, self.config.context))
        fitting = [slot for slot in self.free if slot.capacity >= capacity]
        if fitting:
            slot = min(fitting, key=lambda slot: slot.capacity)
            self.free.remove(slot)
        else:
            need = capacity * self.config.kv_bytes_per_token(self.like.element_size())
            while self.free and self.held + need > self.budget:
                self.held -= self.free.pop(0).bytes
            if self.used and self.held + need > self.budget:
                return None
            c = self.config
            shape = (c.layers, 2, c.kv_heads, capacity, c.head_dim)
            slot = Slot(torch.empty(shape, dtype=self.like.dtype, device=self.like.device))
            self.held += slot.bytes
        slot.length = 0
        self.used += 1
        return slot

    def give_back(self, slot: Slot) -> None:
        """The text in it has ended."""
        self.used -= 1
        self.free.append(slot)
