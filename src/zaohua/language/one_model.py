"""What the tasks share that train one model in one phase: the phase, the costs, what a run remembers of its data."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from zaohua import recipe as recipes
from zaohua.recipe import Section
from zaohua.training import optimisers
from zaohua.training.task import Draw, Phase


class OneModelTask(ABC):
    """One model of transformer blocks, which build() calls "model"; a task adds the rest of zaohua.training.task.Task.

    Set by prepare(): config (the model's shape), batch_size (of a step, over all ranks; of what, the task says) and
    report (what was found in the data, with their hash).
    """

    Recipe: ClassVar[type[Section]]
    best_metric: ClassVar[str] = "loss"
    compiles: ClassVar[bool] = False

    def __init__(self, recipe: Any) -> None:
        self.recipe = recipe
        self.config: Any
        self.batch_size: int
        self.report: dict[str, Any] = {}

    def data_report(self) -> dict[str, Any]:
        """What the preparation found."""
        return self.report

    def phases(self, modules: dict[str, nn.Module], device: torch.device) -> Sequence[Phase]:
        """One phase: the task's loss on a batch. Muon, where it is asked for, takes the matrices inside the blocks."""
        model = modules["model"]
        named = dict(model.named_parameters())
        matrices = [name for name, p in named.items() if p.ndim == 2 and ".layers." in name]
        optimiser = optimisers.build(named, self.recipe.train, matrices=matrices)

        def loss(batch: Any, draw: Draw) -> tuple[Tensor, dict[str, Tensor]]:
            return self.loss(model, batch, draw)

        return [Phase("model", loss, optimiser, lambda draw: self.batch(draw, device), self.batch_size)]

    @abstractmethod
    def batch(self, draw: Draw, device: torch.device) -> Any:
        """The samples of one part of a step."""

    @abstractmethod
    def loss(self, model: Any, batch: Any, draw: Draw) -> tuple[Tensor, dict[str, Tensor]]:
        """This part's share of the batch's loss, times the number of parts, and further numbers to log."""

    def dropout_keys(self, draw: Draw) -> Tensor | None:
        """Random keys of the samples' dropout, if the model has any: int32 [b]"""
        return draw.keys() if self.config.dropout else None

    @abstractmethod
    def units_per_step(self) -> dict[str, int]:
        """Tokens, on average."""

    @abstractmethod
    def flops_per_step(self) -> float:
        """Forward and backward over an average batch."""

    def costs(self) -> dict[str, Any]:
        """What Task.plan() tells of any such task, once its shape and its schedule are settled."""
        budget, units = self.recipe.train, self.units_per_step()
        tokens = units["tokens"]
        return {
            "recipe": recipes.dump(self.recipe),
            "parameters": self.config.num_parameters(),
            "vocab_size": self.config.vocab_size,
            "memory_bytes": self.config.training_bytes(tokens // budget.accumulate),
            "flops_per_step": self.flops_per_step(),
            "units_per_step": units,
            "steps": budget.steps_for(units),
            "minutes": budget.minutes,
        }

    def state_dict(self) -> dict[str, Any]:
        """The data this run has learnt from."""
        return {"data_hash": self.report["hash"]}

    def load_state_dict(self, state: dict[str, Any]) -> None:  # noqa: B027 - a task may well need nothing here
        """Nothing to take back: everything follows from the recipe."""
