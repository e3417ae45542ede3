"""Adaptive augmentation: as strong as the discriminator's learning by heart asks for.

Karras et al. 2020 (arXiv:2006.06676), "StyleGAN2-ADA".

What tells that it learns by heart depends on what its scores mean. Where a score has a value at which the discriminator
is undecided, r = E[sign(D(x) - that value)] over training pictures, as in the paper: it rises with overfitting. A
relativistic or Wasserstein score has no such value, for the loss sees differences alone; there r compares training
samples with held-out ones, which are as real: r = E[sign(D(x) - D(held-out))] is 0 while it does not know the former by
heart and 1 when it does. Signs know no scale, so r means the same however far the scores drift.
"""

from typing import Any

import torch
from torch import Tensor

from zaohua.training.parallel import Parallel

_UNDECIDED = {"non_saturating": 0.0, "minimax": 0.0, "hinge": 0.0, "least_squares": 0.5}
_TARGETS = {True: 0.6, False: 0.2}  # of r, with an undecided score (the paper's) and without
_EVERY = 4  # steps between two looks, as in the paper
_FULL = 100_000  # samples over which the strength can rise from 0 to 1; the paper's 500,000 are for runs of millions
_KNOWN = 1024  # signs of which r is the average, with those before fading: fewer would be nothing but noise


class Adaptive:
    """The strength of one run: it grows while r lies above its target and falls while it lies below.

    loss: its name; samples: real ones in a step; target: of r, None for the usual one; most: what the strength never
    exceeds; parallel: the ranks, whose signs count alike.
    """

    def __init__(
        self, loss: str, samples: int, *, target: float | None, most: float, parallel: Parallel | None = None
    ) -> None:
        self.undecided = _UNDECIDED.get(loss)
        self.target = _TARGETS[self.undecided is not None] if target is None else target
        self.samples, self.most, self.parallel = samples, most, parallel
        self.strength = 0.0
        self.overfitting = 0.0  # r
        self._step, self._signs, self._count = -1, 0, 0  # the last look: at which step, sum and number of its signs

    @property
    def needs_held_out(self) -> bool:
        """Whether scores of held-out samples are wanted beside those of training samples."""
        return self.undecided is None

    def is_due(self, step: int) -> bool:
        """Whether this step is one of those that are looked at; if it begins, the strength moves by the look before."""
        if step % _EVERY:
            return False
        if step != self._step:
            self._move()
            self._step = step
        return True

    def see(self, of_real: Tensor, of_held_out: Tensor | None) -> None:
        """Look at scores [B] of training samples and, where they are needed, of as many held-out ones; all ranks call
        it together."""
        if self.undecided is not None:
            difference = of_real.detach() - self.undecided
        else:
            assert of_held_out is not None
            difference = of_real.detach() - of_held_out.detach()
        seen = torch.stack((difference.sign().sum().long(), torch.tensor(difference.numel(), device=difference.device)))
        signs, count = (self.parallel.sum(seen) if self.parallel is not None else seen).tolist()
        self._signs += signs
        self._count += count

    def _move(self) -> None:
        if not self._count:
            return
        share = min(1.0, self._count / _KNOWN)
        self.overfitting += share * (self._signs / self._count - self.overfitting)
        direction = (self.overfitting > self.target) - (self.overfitting < self.target)
        self.strength = min(self.most, max(0.0, self.strength + direction * _EVERY * self.samples / _FULL))
        self._signs, self._count = 0, 0

    def state_dict(self) -> dict[str, Any]:
        """Plain numbers, the same on every rank, from which a resumed run goes on exactly."""
        numbers = {"step": self._step, "signs": self._signs, "count": self._count}
        return {"strength": self.strength, "overfitting": self.overfitting, **numbers}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take state_dict() back."""
        self.strength, self.overfitting = state["strength"], state["overfitting"]
        self._step, self._signs, self._count = state["step"], state["signs"], state["count"]
