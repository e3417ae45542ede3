"""Exponential moving average of weights: smoother to evaluate, and what the model folder gets."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class EMA:
    """average <- decay * average + (1 - decay) * weight after every step.

    The decay starts low, (1 + n) / (10 + n) after n updates, so that the first average is not the random start.
    """

    def __init__(self, modules: Mapping[str, nn.Module], decay: float) -> None:
        self.decay, self.updates = decay, 0
        self.parameters = {f"{m}.{name}": p for m, module in modules.items() for name, p in module.named_parameters()}
        self.averages: dict[str, Tensor] = {name: p.detach().clone() for name, p in self.parameters.items()}

    @torch.no_grad()
    def update(self) -> None:
        """Move every average towards its weight."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        torch._foreach_lerp_(list(self.averages.values()), [p.detach() for p in self.parameters.values()], 1 - decay)

    @contextmanager
    @torch.no_grad()
    def applied(self) -> Iterator[None]:
        """Inside the block the modules hold their averages; afterwards their own weights again."""
        self._exchange()
        try:
            yield
        finally:
            self._exchange()

    def _exchange(self) -> None:
        for name, parameter in self.parameters.items():
            own = parameter.detach().clone()
            parameter.detach().copy_(self.averages[name])
            self.averages[name].copy_(own)
