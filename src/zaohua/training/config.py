"""The `[train]` and `[run]` sections, the same in every task."""

import math
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from zaohua.errors import UsageError
from zaohua.i18n import t
from zaohua.recipe import Section

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(gt=0)]


class GroupConfig(Section):
    """Other settings for the parameters whose name matches a pattern (a regular expression, searched)."""

    pattern: str
    lr_scale: Positive = 1.0
    weight_decay: Annotated[float, Field(ge=0)] | None = None
    optimiser: Literal["adamw", "muon"] | None = None


class TrainConfig(Section):
    """How to train. What is left out is derived by the task (a dial such as model.depth) or chosen for the machine."""

    alternatives: ClassVar[tuple[tuple[str, ...], ...]] = (("steps", "tokens", "images", "sounds", "clips", "minutes"),)

    # Budget: at most one; `minutes` becomes a number of steps after a short calibration.
    steps: Count | None = None
    tokens: Count | None = None
    images: Count | None = None
    sounds: Count | None = None
    clips: Count | None = None
    minutes: Positive | None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1

    # Batch: sequences (or pictures, clips) in one step over all ranks, computed in `accumulate` parts.
    batch_size: Count | None = None
    accumulate: Count = 1

    # Optimiser: Muon for the matrices inside blocks with AdamW for the rest, or AdamW for everything.
    optimiser: Literal["muon", "adamw"] = "muon"
    learning_rate: Positive | None = None  # AdamW's; embeddings and head under Muon
    muon_learning_rate: Positive | None = None
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    row_beta: Annotated[float, Field(ge=0, lt=1)] = 0.95  # of Muon: evens out the rows of its updates; 0 leaves them
    ns_steps: Annotated[int, Field(ge=1, le=10)] = 4  # of Muon: iterations that make an update orthogonal
    betas: tuple[Annotated[float, Field(ge=0, lt=1)], Annotated[float, Field(ge=0, lt=1)]] = (0.8, 0.95)
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    groups: list[GroupConfig] = []
    clip: Positive | None = None  # largest gradient norm
    ema: Annotated[float, Field(gt=0, lt=1)] | None = None  # decay of averaged weights, used to evaluate and saved

    # Schedule: a factor on every learning rate.
    schedule: Literal["wsd", "cosine", "constant"] = "wsd"
    warmup: Annotated[int, Field(ge=0)] = 10  # steps
    decay: Fraction = 0.85  # wsd: the share of steps, at the end, in which the rate falls
    final: Fraction = 0.0  # the factor at the last step

    # Machine.
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    compile: Literal["auto"] | bool = "auto"
    parallel: Literal["auto", "data", "shard"] = "auto"

    # Cadence, in steps; left out: a tenth of the run.
    log_every: Count = 10
    evaluate_every: Count | None = None
    save_every: Count | None = None
    sample_every: Count | None = None
    tensorboard: bool = True

    @property
    def open_ended(self) -> bool:
        """Whether the recipe leaves it to the task how long to train."""
        return all(getattr(self, name) is None for name in self.alternatives[0])

    def steps_for(self, units: Mapping[str, int]) -> int | None:
        """Steps of the budget, where it does not take a clock to tell. units: what a step consumes, by name.

        Raises UsageError for a budget in what the task does not count.
        """
        if self.steps is not None:
            return self.steps
        for unit in ("tokens", "images", "sounds", "clips"):
            if (budget := getattr(self, unit)) is not None:
                if unit not in units:
                    raise UsageError(t("training.unit_unknown", unit=unit, known=", ".join(units)))
                return max(1, math.ceil(budget / units[unit]))
        return None

    @model_validator(mode="after")
    def _one_budget(self) -> "TrainConfig":
        budgets = self.alternatives[0]
        given = [name for name in budgets if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"give one of {', '.join(budgets)}, not {' and '.join(given)}")
        return self


class RunConfig(Section):
    """Where everything this run makes goes."""

    dir: str = Field(min_length=1)
