"""Hiding tokens for a model to guess (Devlin et al. 2018, arXiv:1810.04805, section 3.1)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from zaohua.seeding import uniform

HIDDEN, SWAPPED = 0.8, 0.1  # of the chosen tokens: shown as [MASK], shown as another token; the rest stay as they are


@dataclass(frozen=True)
class Masking:
    """Which tokens may be hidden, and behind what.

    ordinary: bool [V], False at special tokens, which are never hidden nor drawn. mask_id: [MASK]. share: of the
    ordinary tokens of a text, how many are to be guessed.
    """

    ordinary: Tensor
    mask_id: int
    share: float = 0.15

    def apply(self, ids: Tensor, keys: Tensor, words: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Inputs and targets, -100 where nothing is to be guessed: [B, T] -> 2 x [B, T].

        keys: [B], see zaohua.seeding; equal keys hide equal places. words: number of the word each token is in,
        [B, T]: then words are hidden whole, and the share may be exceeded by a part of the last one.
        """
        time = ids.shape[1]
        possible = self.ordinary[ids]
        lot = uniform(keys, time, 0)
        if words is not None:
            lot = lot.gather(1, words)  # the tokens of a word draw one lot together
        lot = lot.masked_fill(~possible, 2.0)
        count = (self.share * possible.sum(1)).round().clamp(min=1).long()
        last = lot.sort(1).values.gather(1, count[:, None] - 1)  # the highest lot that is still chosen
        chosen = (lot <= last) & possible
        fate = uniform(keys, time, 1)
        every = self.ordinary.nonzero()[:, 0]
        drawn = every[(uniform(keys, time, 2) * len(every)).long()]
        shown = torch.where(fate < HIDDEN, self.mask_id, torch.where(fate < HIDDEN + SWAPPED, drawn, ids))
        return torch.where(chosen, shown, ids), ids.masked_fill(~chosen, -100)
