"""What a task gives the trainer: modules, phases, evaluation, samples, a model folder.

A training step is a list of phases in order. A language model has one; a GAN has a critic phase, perhaps
repeated, and a generator phase. The trainer knows nothing else about what it trains.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor, nn

from zaohua.recipe import Section
from zaohua.seeding import sample_keys
from zaohua.training.optimisers import Optimiser
from zaohua.training.parallel import Parallel

Weights = Mapping[str, Mapping[str, Tensor]]  # module name -> its whole state dict


@dataclass(frozen=True)
class Draw:
    """Which samples to compute: positions `indices` in the global batch of (step, repeat)."""

    seed: int
    step: int
    repeat: int
    indices: Tensor  # int64 [b]
    device: torch.device
    progress: float = 0.0  # share of the run's steps that are done

    def keys(self, stream: int = 0) -> Tensor:
        """One random key per sample, the same however the batch is cut. int32 [b]; see zaohua.seeding."""
        return sample_keys(self.seed, self.step, self.indices, stream * 4096 + self.repeat).to(self.device)


@dataclass
class Phase:
    """One update of one set of parameters.

    batches(draw) brings the samples; loss_fn(batch, draw) returns their mean loss and further numbers to log.
    Only the optimiser's own parameters receive gradients. `repeats` runs the phase that often in every step.
    """

    name: str
    loss_fn: Callable[[Any, Draw], tuple[Tensor, dict[str, Tensor]]]
    optimiser: Optimiser
    batches: Callable[[Draw], Any]
    batch_size: int
    repeats: int = 1


class Task(Protocol):
    """Everything the trainer asks of a task.

    One that watches how it fares may also have remarks(step, kind, numbers) -> list[str], lines for people about the
    numbers of a "train" or "eval" line of the log; it is called on one rank, once the line is written.
    """

    Recipe: ClassVar[type[Section]]
    best_metric: ClassVar[str]  # the evaluation number whose lowest value marks the best checkpoint
    compiles: ClassVar[bool]  # whether it pays on a GPU to compile its modules: many steps, all of one shape
    recipe: Any  # resolved: after prepare() nothing that matters is left to choose

    def prepare(self, parallel: Parallel, *, visible: bool) -> None:
        """Bring the data and fill in what the recipe left open."""

    def data_report(self) -> dict[str, Any]:
        """What prepare() found, for data.json."""

    def build(self) -> dict[str, nn.Module]:
        """Fresh modules with starting weights drawn from the recipe's seed."""

    def phases(self, modules: dict[str, nn.Module], device: torch.device) -> Sequence[Phase]:
        """The phases of a step; modules are already placed and wrapped."""

    def units_per_step(self) -> dict[str, int]:
        """What a step consumes, by budget name: {"tokens": 65536}."""

    def flops_per_step(self) -> float:
        """Floating-point operations of one step over all ranks."""

    def evaluate(self, modules: dict[str, nn.Module], parallel: Parallel) -> dict[str, float]:
        """A full deterministic pass; every rank calls it and gets the same numbers."""

    def sample(self, weights: Weights) -> Sequence[Any]:
        """A few artifacts made with these weights (called on one rank)."""

    def save_model(self, folder: Path, weights: Weights, metrics: dict[str, Any], cost: dict[str, Any]) -> None:
        """Write `folder`, a model folder that zaohua.load() opens, whole or not at all (called on one rank).

        metrics: the last evaluation. cost: steps, units, operations and seconds so far, for the model card."""

    def state_dict(self) -> dict[str, Any]:
        """What else must survive a restart, as JSON: adaptive strengths; always "data_hash", the data's identity."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take state_dict() back."""

    def summary(self, weights: Weights) -> dict[str, Any]:
        """Numbers for the end of the run, beside the metrics: baselines, overlap with the data, sizes."""

    def plan(self) -> dict[str, Any]:
        """Costs known without the data: resolved recipe as TOML, parameters, operations and units per step; vocab_size
        where there is a vocabulary; at_most, the names of those numbers that the data may lower."""
