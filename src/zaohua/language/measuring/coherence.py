"""Does a model hear what a text goes on from? A choice it can get right or wrong.

Four beginnings of held-out texts and one continuation: the model should give the continuation the highest probability
after its own beginning. How probable the continuation is by itself does not matter, because it is the same one each
time. The four are neighbours, so that they are of one kind and language. A table of n-grams makes the same choice; it
sees only the last few words of each beginning.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from zaohua.language.decoder import Decoder
from zaohua.language.measuring.samples import HeldOut
from zaohua.language.scoring import continuations
from zaohua.metrics.ngram import WittenBell

CHOICES = 4
_EQUAL = 1e-6  # nats; a table that does not see the beginnings gives the same sum, but for rounding

Score = Callable[[Sequence[tuple[list[int], list[int]]]], list[float]]
"""Nats of the second part of each pair after the first."""


def chose_right(pieces: Sequence[HeldOut], score: Score) -> float | None:
    """Share of continuations that were cheapest after their own beginning, of CHOICES in a row; beginnings that tie
    share the point. Chance is 1 in CHOICES. None if there are fewer pieces than that."""
    groups = len(pieces) // CHOICES
    if not groups:
        return None
    sets = [pieces[group * CHOICES : (group + 1) * CHOICES] for group in range(groups)]
    nats = np.array(score([(a.beginning, b.rest) for members in sets for b in members for a in members]))
    table = nats.reshape(groups * CHOICES, CHOICES)  # one row per continuation
    own = table[np.arange(len(table)), np.tile(np.arange(CHOICES), groups)]
    best = table.min(axis=1)
    ties = (table <= best[:, None] + _EQUAL).sum(axis=1)
    return float(((own <= best + _EQUAL) / ties).mean())


def by_decoder(decoder: Decoder, on_progress: Callable[[int], None] = lambda done: None) -> Score:
    """A decoder's choice."""
    return lambda pairs: [found.nats for found in continuations(decoder, pairs, on_progress)]


class Table(Protocol):
    """A table of counts such as WittenBell."""

    def nll(self, tokens: np.ndarray) -> float:
        """Mean negative log-likelihood of a stream, in nats."""


def by_table(table: Table | WittenBell) -> Score:
    """A table's choice: the sum over both parts less that over the first."""

    def nats(ids: list[int]) -> float:
        return table.nll(np.array(ids)) * len(ids)

    return lambda pairs: [nats([*first, *second]) - nats(first) for first, second in pairs]
