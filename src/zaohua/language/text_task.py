"""What the tasks share that train one model on texts, in one phase: schedule, batches, plan, what a run remembers."""

import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, ClassVar, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from zaohua import recipe as recipes
from zaohua.data.examples import fingerprint
from zaohua.data.languages import language_of
from zaohua.i18n import t
from zaohua.language.dial import has_no_budget
from zaohua.language.encoders import dial
from zaohua.language.tokenizer import Tokenizer, TokenizerConfig
from zaohua.language.tokenizer_training import sample, sample_share, train
from zaohua.nn.blank import Blank
from zaohua.recipe import Section
from zaohua.report.numbers import whole
from zaohua.training import optimisers
from zaohua.training.monitor import say
from zaohua.training.parallel import Parallel
from zaohua.training.task import Draw, Phase, Weights

T = TypeVar("T")
M = TypeVar("M", bound=nn.Module)


class TextTask(ABC):
    """One model, one phase. A task adds its shape, its data, its batches, its loss and its evaluation.

    Set by prepare(): tokenizer, config, batch_size (texts in one step, over all ranks), report (what was found in the
    data) and lengths (tokens of each training example, where they differ).
    """

    Recipe: ClassVar[type[Section]]
    best_metric: ClassVar[str] = "loss"
    epochs: ClassVar[float]  # where the recipe leaves the budget open
    most_steps: ClassVar[int]

    def __init__(self, recipe: Any) -> None:
        self.recipe = recipe
        self.tokenizer: Tokenizer
        self.config: Any
        self.batch_size: int
        self.report: dict[str, Any] = {}
        self.lengths = np.zeros(0, np.int64)
        self.measuring = False  # a trained model, named as its own base, is to be measured

    # ---- the shape and the schedule

    @abstractmethod
    def _open_base(self) -> Tokenizer | None:
        """Open the model that the recipe goes on from, if it names one; its tokeniser."""

    @abstractmethod
    def _begin_without_data(self, tokenizer: Tokenizer | None) -> None:
        """Settle the shape for plan(). tokenizer: None where one will be trained, which may turn out smaller."""

    @abstractmethod
    def usual_batch(self) -> int:
        """Texts in a step where the recipe leaves it open."""

    @abstractmethod
    def row_length(self) -> float:
        """Tokens of an example on average, as far as they are known."""

    def _settle(self, examples: int | None) -> None:
        """Settle batch, rates and steps. examples: those of an epoch, None if they are not known yet."""
        settled = dial.schedule(
            self.recipe.train,
            width=self.config.width,
            batch_size=self.usual_batch(),
            epochs=self.epochs,
            most_steps=self.most_steps,
            examples=examples,
            fine_tuning=self.recipe.model.base is not None,
        )
        assert settled.batch_size is not None
        self.batch_size = settled.batch_size
        self.recipe = self.recipe.model_copy(update={"train": settled})

    def data_report(self) -> dict[str, Any]:
        """What the preparation found."""
        return self.report

    # ---- training

    def phases(self, modules: dict[str, nn.Module], device: torch.device) -> Sequence[Phase]:
        """One phase: the task's loss on a batch."""
        named = dict(modules["model"].named_parameters())
        matrices = [name for name, p in named.items() if p.ndim == 2 and ".layers." in name]
        optimiser = optimisers.build(named, self.recipe.train, matrices=matrices)

        def loss(batch: Any, draw: Draw) -> tuple[Tensor, dict[str, Tensor]]:
            return self.loss(modules["model"], batch, draw.keys() if self.config.dropout else None)

        return [Phase("model", loss, optimiser, lambda draw: self.batch(draw, device), self.batch_size)]

    @abstractmethod
    def batch(self, draw: Draw, device: torch.device) -> Any:
        """The samples of one part of a step."""

    @abstractmethod
    def loss(self, model: Any, batch: Any, keys: Tensor | None) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean loss of a batch, and further numbers to log. keys: of dropout."""

    def units_per_step(self) -> dict[str, int]:
        """Tokens."""
        return {"tokens": round(self.batch_size * self.row_length())}

    @abstractmethod
    def flops_per_step(self) -> float:
        """Forward and backward over the global batch."""

    # ---- results

    @abstractmethod
    def baselines(self) -> dict[str, Any]:
        """What plain counting reaches on the same validation data."""

    def state_dict(self) -> dict[str, Any]:
        """The data this run has learnt from."""
        return {"data_hash": self.report["hash"]}

    def load_state_dict(self, state: dict[str, Any]) -> None:  # noqa: B027 - a task may well need nothing here
        """Nothing to take back: data and tokeniser follow from the recipe."""

    def summary(self, weights: Weights) -> dict[str, Any]:
        """Baselines and sizes."""
        return {"baselines": self.baselines(), "parameters": self.config.num_parameters()}

    def plan(self) -> dict[str, Any]:
        """What the recipe would cost, without looking at its data. at_most: numbers that the data may lower."""
        chosen = self.recipe.tokenizer
        given = self._open_base() or (Tokenizer.load(chosen.path) if chosen.kind == "folder" and chosen.path else None)
        derived = has_no_budget(self.recipe.train)
        self._begin_without_data(given)
        self._settle(None)
        budget, tokens = self.recipe.train, self.units_per_step()["tokens"]
        return {
            "recipe": recipes.dump(self.recipe),
            "parameters": self.config.num_parameters(),
            "vocab_size": self.config.vocab_size,
            "at_most": ["vocab_size"] * (given is None) + ["steps"] * derived,
            "memory_bytes": self.config.training_bytes(tokens // budget.accumulate),
            "flops_per_step": self.flops_per_step(),
            "units_per_step": self.units_per_step(),
            "steps": budget.steps or (math.ceil(budget.tokens / tokens) if budget.tokens else None),
            "minutes": budget.minutes,
        }


def restored(make: Callable[[], M], weights: Weights) -> M:
    """An unsharded model with these weights. make: builds one, whose own weights are never looked at."""
    with Blank():
        model = make()
    model.load_state_dict({name: tensor.cpu() for name, tensor in weights["model"].items()}, assign=True)
    return model.eval()


def own_tokenizer(config: TokenizerConfig, texts: Sequence[str]) -> Tokenizer:
    """The tokeniser that the recipe asks for, trained on these texts if it is not a given one."""
    return train(
        config, sample(texts, sample_share(config, sum(len(text.encode("utf-8", "replace")) for text in texts)))
    )


def completed(
    report: Mapping[str, Any], texts: Sequence[str], tokenizer: Tokenizer, *, visible: bool
) -> dict[str, Any]:
    """The report of a table with what is known of its training texts; says it too, if visible."""
    languages: Counter[str] = Counter()
    for text in texts:
        languages[language_of(text)] += len(text)
    counts = {side: whole(count) for side, count in report["examples"].items()}
    for line in [t("encoder.examples", **counts), *report["warnings"]]:
        say(line, quiet=not visible)
    return {
        **report,
        "languages": dict(languages.most_common()),
        "vocab_size": tokenizer.vocab_size,
        "hash": fingerprint([report["hash"], tokenizer.backend.to_str()]),
    }


def counted_by_characters(report: Mapping[str, Any]) -> bool:
    """Whether the texts are mostly Chinese, whose words no spaces part."""
    return next(iter(report["languages"]), "") == "zh"


def or_nothing(make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """A baseline that needs scikit-learn, or a line that says how to get it."""
    if find_spec("sklearn") is None:
        say(t("encoder.no_baseline"))
        return {}
    return make()


def turns(batches: Sequence[T], parallel: Parallel) -> Iterator[tuple[T, bool]]:
    """This rank's share of the batches, and whether each counts: sharded weights need every rank in every pass."""
    for index in range(0, len(batches), parallel.world):
        mine = index + parallel.rank
        yield batches[mine if mine < len(batches) else 0], mine < len(batches)
