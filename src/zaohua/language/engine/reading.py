"""Which prompts are read next."""

from collections.abc import Sequence

from zaohua.language.engine.running import Running
from zaohua.language.engine.slots import BLOCK

_BLOCKS = 4  # in one pass over the weights: with more rows a product gains little, and those who write wait longer


def next_to_read(reading: Sequence[Running], writing: int) -> list[Running]:
    """Those of `reading`, in order, of which a step reads a block: some, or as many as leave no more to be read than
    are `writing`, where few would wait for them.

    A text that begins as one before it does not read what that one reads already: once it has, it is there to copy.
    """
    chosen = []
    beginnings: set[tuple[int, ...]] = set()
    for text in reading:
        beginning = tuple(text.unread[:BLOCK])
        if not (text.shareable and text.slot.length == 0 and beginning in beginnings):
            chosen.append(text)
        if text.shareable and len(beginning) == BLOCK:
            beginnings.add(beginning)
    return chosen[: max(_BLOCKS, len(reading) - writing)]
