"""The random numbers of one text."""

import torch

from zaohua.seeding import sample_keys, uniform

_STREAM = 1  # this use of randomness, see zaohua.seeding
_BLOCK = 256  # numbers made at a time: one hash call per token would cost more than a small model's layer


class Draws:
    """Uniform numbers that depend on (seed, index of the text, number of the token) alone: other texts, or a longer
    one, leave them as they are."""

    def __init__(self, seed: int, index: int) -> None:
        self.key = sample_keys(seed, 0, torch.tensor([index]), _STREAM)  # [1]
        self.block, self.values = -1, [0.0]

    def at(self, number: int) -> float:
        """The number for this token, in (0, 1)."""
        if number // _BLOCK != self.block:
            self.block = number // _BLOCK
            self.values = uniform(self.key, _BLOCK, self.block)[0].tolist()
        return self.values[number % _BLOCK]
