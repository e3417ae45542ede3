"""What the tasks of an encoder have in common: its shape and start, one phase, one folder."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from zaohua import recipe as recipes
from zaohua.data.examples import fingerprint
from zaohua.data.languages import language_of
from zaohua.errors import UsageError
from zaohua.i18n import t
from zaohua.language.dial import has_no_budget
from zaohua.language.encoders import dial
from zaohua.language.encoders.card import encoder_card
from zaohua.language.encoders.encoder import Encoder, EncoderConfig
from zaohua.language.encoders.marks import MARKS, Marks, with_marks
from zaohua.language.folder import load_folder, save_folder
from zaohua.language.initialise import initialise_encoder
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


class EncoderTask:
    """An encoder, one phase. A task adds its data, its batches, its loss and its evaluation.

    Set by prepare(), with `_begin` and `_settle`: tokenizer, marks, config, context (tokens of a row), batch_size
    (texts in one step, over all ranks) and report (what was found in the data).
    """

    Recipe: ClassVar[type[Section]]
    best_metric: ClassVar[str] = "loss"
    head: ClassVar[str]  # of EncoderConfig
    epochs: ClassVar[float]  # where the recipe leaves the budget open
    most_steps: ClassVar[int]

    def __init__(self, recipe: Any) -> None:
        self.recipe = recipe
        self.tokenizer: Tokenizer
        self.marks: Marks
        self.config: EncoderConfig
        self.context: int
        self.batch_size: int
        self.report: dict[str, Any] = {}
        self.lengths = np.zeros(0, np.int64)  # tokens of each training example's row, where they differ
        self.measuring = False  # a trained model, named as its own base, is to be measured; its labels stand
        self._base: Encoder | None = None

    # ---- the shape and the start

    def _open_base(self) -> Tokenizer | None:
        """Open the model that the recipe goes on from, if it names one; its tokeniser."""
        if self.recipe.model.base is None:
            return None
        model, tokenizer = load_folder(dial.model_folder(self.recipe.model.base))
        if not isinstance(model, Encoder):
            raise UsageError(t("encoder.base_is_no_encoder", path=self.recipe.model.base))
        self._base = model
        return tokenizer

    def _begin(self, tokenizer: Tokenizer, **head: Any) -> None:
        """Settle tokeniser and shape. head: head, pooler and labels of EncoderConfig."""
        model = dial.shape(self.recipe.model)
        assert model.context is not None
        self.tokenizer = with_marks(tokenizer, model.context)
        self.marks = Marks.of(self.tokenizer)
        if self._base is None:
            self.config = dial.encoder_config(model, self.tokenizer.vocab_size, **head)
        else:
            self.config = replace(self._base.config, dropout=model.dropout, **head)
        self.context = min(self.recipe.model.context or self.config.context, self.config.context)
        kept = {name: getattr(self.config, name) for name in ("layers", "width", "heads", "ffn_width")}
        model = model.model_copy(update=kept | {"depth": self.config.layers, "context": self.context})
        self.recipe = self.recipe.model_copy(update={"model": model})

    def _begin_without_data(self, tokenizer: Tokenizer | None, **head: Any) -> None:
        """The same for plan(). tokenizer: None where one will be trained; its vocabulary may then turn out smaller."""
        if tokenizer is not None:
            self._begin(tokenizer, **head)
            return
        model = dial.shape(self.recipe.model)
        assert model.context is not None
        self.config = dial.encoder_config(model, self.recipe.tokenizer.vocab_size + MARKS, **head)
        self.context = model.context
        self.recipe = self.recipe.model_copy(update={"model": model})

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

    def _measure_rows(self, texts: Sequence[np.ndarray]) -> None:
        """Note how long the rows of the training texts are."""
        self.lengths = np.array([min(len(ids) + 2, self.context) for ids in texts], dtype=np.int64)

    def usual_batch(self) -> int:
        """Texts in a step where the recipe leaves it open."""
        raise NotImplementedError

    def data_report(self) -> dict[str, Any]:
        """What the preparation found."""
        return self.report

    def build(self) -> dict[str, nn.Module]:
        """The encoder with weights drawn from the seed, or those it goes on from and a fresh head."""
        encoder = Encoder(self.config)
        initialise_encoder(encoder, self.recipe.train.seed)
        if self._base is not None:
            own = encoder.state_dict()
            theirs = self._base.state_dict()
            same_head = self._base.config.labels == self.config.labels
            fits = {n: w for n, w in theirs.items() if n in own and (same_head or not n.startswith("classifier"))}
            encoder.load_state_dict(fits, strict=False)
        return {"model": encoder}

    # ---- training

    def phases(self, modules: dict[str, nn.Module], device: torch.device) -> Sequence[Phase]:
        """One phase: the task's loss on a batch."""
        encoder = modules["model"]
        assert isinstance(encoder, Encoder)
        named = dict(encoder.named_parameters())
        matrices = [name for name, p in named.items() if p.ndim == 2 and ".layers." in name]
        optimiser = optimisers.build(named, self.recipe.train, matrices=matrices)

        def loss(batch: Any, draw: Draw) -> tuple[Tensor, dict[str, Tensor]]:
            return self.loss(encoder, batch, draw.keys() if self.config.dropout else None)

        return [Phase("model", loss, optimiser, lambda draw: self.batch(draw, device), self.batch_size)]

    def batch(self, draw: Draw, device: torch.device) -> Any:
        """The samples of one part of a step."""
        raise NotImplementedError

    def loss(self, encoder: Encoder, batch: Any, keys: Tensor | None) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean loss of a batch, and further numbers to log. keys: of dropout."""
        raise NotImplementedError

    def row_length(self) -> float:
        """Tokens of a row on average, as far as they are known."""
        return float(self.lengths.mean()) if len(self.lengths) else self.context

    def units_per_step(self) -> dict[str, int]:
        """Tokens."""
        return {"tokens": round(self.batch_size * self.row_length())}

    def flops_per_step(self) -> float:
        """Forward and backward over the global batch."""
        return float(self.config.flops_per_token(round(self.row_length())) * self.units_per_step()["tokens"])

    # ---- results

    def encoder(self, weights: Weights) -> Encoder:
        """An unsharded encoder with these weights."""
        with Blank():
            encoder = Encoder(self.config)
        encoder.load_state_dict({name: tensor.cpu() for name, tensor in weights["model"].items()}, assign=True)
        return encoder.eval()

    def baselines(self) -> dict[str, Any]:
        """What plain counting reaches on the same validation data."""
        raise NotImplementedError

    def save_model(self, folder: Path, weights: Weights, metrics: dict[str, Any], cost: dict[str, Any]) -> None:
        """A Hugging Face BERT folder with its card."""
        card = encoder_card(
            task=self.recipe.task,
            title=Path(self.recipe.run.dir).name,
            data=self.report,
            recipe=recipes.dump(self.recipe),
            metrics=metrics,
            baselines=self.baselines(),
            config=self.config,
            cost=cost,
        )
        save_folder(self.encoder(weights), self.tokenizer, folder, card)

    def state_dict(self) -> dict[str, Any]:
        """The data this run has learnt from."""
        return {"data_hash": self.report["hash"]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Nothing to take back: data and tokeniser follow from the recipe."""

    def summary(self, weights: Weights) -> dict[str, Any]:
        """Baselines and sizes."""
        return {"baselines": self.baselines(), "parameters": self.config.num_parameters()}

    def plan(self) -> dict[str, Any]:
        """What the recipe would cost, without looking at its data. at_most: numbers that the data may lower."""
        chosen = self.recipe.tokenizer
        given = self._open_base() or (Tokenizer.load(chosen.path) if chosen.kind == "folder" and chosen.path else None)
        derived = has_no_budget(self.recipe.train)
        self._begin_without_data(given, **self._head_without_data())
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

    def _head_without_data(self) -> dict[str, Any]:
        """The head's part of EncoderConfig, as far as it is known without the data."""
        return {"head": self.head}


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
