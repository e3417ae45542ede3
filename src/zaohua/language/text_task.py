"""What the tasks share that train one model on examples of text: tokeniser, schedule, answers, card."""

import math
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np

from zaohua import recipe as recipes
from zaohua.artifacts import Text
from zaohua.data.examples import fingerprint
from zaohua.data.languages import language_of
from zaohua.i18n import t
from zaohua.language import pretrained
from zaohua.language.one_model import OneModelTask
from zaohua.language.tokenizer import Tokenizer, TokenizerConfig
from zaohua.language.tokenizer_training import sample, sample_share, train
from zaohua.report.numbers import whole
from zaohua.training.monitor import say
from zaohua.training.parallel import Parallel
from zaohua.training.task import Weights

T = TypeVar("T")


class TextTask(OneModelTask):
    """A task adds its shape, its data, its batches, its loss and its evaluation.

    prepare() also sets tokenizer and lengths (tokens of each training example, where they differ); a batch is of texts.
    """

    epochs: ClassVar[float]  # where the recipe leaves the budget open
    most_steps: ClassVar[int]

    def __init__(self, recipe: Any) -> None:
        super().__init__(recipe)
        self.tokenizer: Tokenizer
        self.lengths = np.zeros(0, np.int64)
        self.measuring = False  # a trained model, named as its own base, is to be measured
        self._baselines: dict[str, Any] | None = None

    # ---- the shape and the schedule

    @abstractmethod
    def _open_base(self) -> Tokenizer | None:
        """Open the model that the recipe goes on from, if it names one; its tokeniser."""

    @abstractmethod
    def _begin(self, tokenizer: Tokenizer, **head: Any) -> None:
        """Settle tokeniser and shape. head: what the data say of it."""

    @abstractmethod
    def _begin_without_data(self, tokenizer: Tokenizer | None) -> None:
        """Settle the shape for plan(). tokenizer: None where one will be trained, which may turn out smaller."""

    @abstractmethod
    def usual_batch(self) -> int:
        """Texts in a step where the recipe leaves it open."""

    @abstractmethod
    def row_length(self) -> float:
        """Tokens of an example on average, as far as they are known."""

    @abstractmethod
    def room(self) -> int:
        """Tokens of a text that a row has room for."""

    def _learn_from(
        self, texts: Sequence[str], report: Mapping[str, Any], given: Tokenizer | None, *, visible: bool, **head: Any
    ) -> list[np.ndarray]:
        """Settle tokeniser and shape by the training texts, complete the report of their table, and say it.

        given: a tokeniser, or None to train one. Returns the texts' tokens, as many as there are.
        """
        self._begin(given or own_tokenizer(self.recipe.tokenizer, texts), **head)
        encoded = self.tokenizer.encode_batch(list(texts))
        warnings = list(report["warnings"])
        if cut := sum(len(ids) > self.room() for ids in encoded):
            warnings.append(t("encoder.cut", count=whole(cut), texts=whole(len(texts)), room=self.room()))
        self.report = {
            **report,
            "warnings": warnings,
            "languages": _languages(texts),
            "vocab_size": self.tokenizer.vocab_size,
            "hash": fingerprint([report["hash"], self.tokenizer.backend.to_str()]),
        }
        counts = {side: whole(count) for side, count in report["examples"].items()}
        for line in [t("encoder.examples", **counts), *warnings]:
            say(line, quiet=not visible)
        return encoded

    def _settle(self, examples: int | None) -> None:
        """Settle batch, rates and budget: so many epochs, and no more than so many steps.

        examples: texts or windows in an epoch, None if they are not known yet.
        """
        train = self.recipe.train
        self.batch_size = train.batch_size or self.usual_batch()
        narrower = (256 / self.config.width) ** 0.5
        adamw = 0.0015 if train.optimiser == "adamw" else 0.003
        # Weights that have learnt something already: a fifth learnt the news too slowly, the whole no better.
        share = 1.0 if self.recipe.model.base is None else 0.5
        update: dict[str, object] = {
            "batch_size": self.batch_size,
            "learning_rate": train.learning_rate or adamw * narrower * share,
            "muon_learning_rate": train.muon_learning_rate or 0.01 * narrower * share,
        }
        if train.open_ended:
            wanted = self.most_steps if examples is None else math.ceil(self.epochs * examples / self.batch_size)
            update["steps"] = min(self.most_steps, max(20, wanted))
        self.recipe = self.recipe.model_copy(update={"train": train.model_copy(update=update)})

    # ---- costs

    def units_per_step(self) -> dict[str, int]:
        """Tokens."""
        return {"tokens": round(self.batch_size * self.row_length())}

    # ---- results

    @abstractmethod
    def _rivals(self) -> dict[str, Any]:
        """What plain counting reaches on the same validation data."""

    def baselines(self) -> dict[str, Any]:
        """The same, counted once."""
        if self._baselines is None:
            self._baselines = self._rivals()
        return self._baselines

    @abstractmethod
    def _answers(self, weights: Weights) -> Iterable[tuple[str, str]]:
        """A few validation texts, each with what the model makes of it."""

    def sample(self, weights: Weights) -> list[Text]:
        """The same as artifacts: the text, an arrow, the answer."""
        answers, model = self._answers(weights), self.recipe.run.dir
        return [Text(prompt=text, text=f" → {answer}", model=model) for text, answer in answers]

    def card_facts(self, metrics: dict[str, Any], cost: dict[str, Any]) -> dict[str, Any]:
        """What the model card says of any such run."""
        return {
            "title": Path(self.recipe.run.dir).name,
            "data": self.report,
            "recipe": recipes.dump(self.recipe),
            "metrics": metrics,
            "baselines": self.baselines(),
            "config": self.config,
            "cost": cost,
        }

    def summary(self, weights: Weights) -> dict[str, Any]:
        """Baselines and sizes."""
        return {"baselines": self.baselines(), "parameters": self.config.num_parameters()}

    def plan(self) -> dict[str, Any]:
        """What the recipe would cost, without looking at its data. at_most: numbers that the data may lower."""
        chosen = self.recipe.tokenizer
        given = self._open_base() or (Tokenizer.load(chosen.path) if chosen.kind == "folder" and chosen.path else None)
        derived = self.recipe.train.open_ended
        self._begin_without_data(given)
        self._settle(None)
        return self.costs() | {"at_most": ["vocab_size"] * (given is None) + ["steps"] * derived}


def model_folder(path: str) -> Path:
    """A model folder, the best (else last) checkpoint of the run folder that `path` is, or a built-in model."""
    if path.startswith(pretrained.PREFIX):
        return pretrained.builtin_model(path.removeprefix(pretrained.PREFIX))[0]
    folder = Path(path).expanduser()
    for place in (folder, folder / "checkpoints" / "best", folder / "checkpoints" / "last"):
        if (place / "config.json").is_file():
            return place
    return folder


def own_tokenizer(config: TokenizerConfig, texts: Sequence[str]) -> Tokenizer:
    """The tokeniser that the recipe asks for, trained on these texts if it is not a given one."""
    size = sum(len(text.encode("utf-8", "replace")) for text in texts)
    return train(config, sample(texts, sample_share(config, size)))


def _languages(texts: Sequence[str]) -> dict[str, int]:
    """Characters in each language, most first."""
    found: Counter[str] = Counter()
    for text in texts:
        found[language_of(text)] += len(text)
    return dict(found.most_common())


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
