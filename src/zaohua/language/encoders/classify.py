"""Sorting texts by label: an encoder, pretrained or fresh, whose first token is read by a classifier (seed §2.2)."""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from zaohua.data.labelled import Example, Labelled, LabelledConfig, read_labelled
from zaohua.data.order import example_numbers
from zaohua.language.encoders import dial
from zaohua.language.encoders.encoder import Encoder
from zaohua.language.encoders.masked import masking
from zaohua.language.encoders.masking import Masking
from zaohua.language.encoders.model import EncoderModel, passes
from zaohua.language.encoders.task import EncoderTask
from zaohua.language.initialise import read_whole_text
from zaohua.language.text_task import counted_by_characters, or_nothing, turns
from zaohua.language.tokenizer import TokenizerConfig
from zaohua.metrics.classification import confusion_matrix, sorted_scores
from zaohua.metrics.tfidf import tfidf_classifier
from zaohua.recipe import Section
from zaohua.training.config import RunConfig, TrainConfig
from zaohua.training.parallel import Parallel
from zaohua.training.task import Draw, Weights

_MASKS = 1  # use of randomness, see zaohua.seeding
_SAMPLES = 6


class LossConfig(Section):
    """What keeps a model from learning few texts by heart. smoothing: share of the wanted probability that all labels
    get alike; hide: share of the tokens hidden from it, other ones every time."""

    smoothing: float = Field(0.0, ge=0, lt=1)
    hide: float = Field(0.0, ge=0, lt=1)


class ClassifyRecipe(Section):
    """The whole recipe of `task = "classify"`."""

    task: Literal["classify"]
    data: LabelledConfig
    tokenizer: TokenizerConfig = TokenizerConfig()
    model: dial.EncoderModelConfig = dial.EncoderModelConfig()
    loss: LossConfig = LossConfig()
    train: TrainConfig = TrainConfig()
    run: RunConfig


class ClassifyTask(EncoderTask):
    """Rows [CLS] text [SEP], cross-entropy of the label."""

    Recipe: ClassVar[type[Section]] = ClassifyRecipe
    head: ClassVar[str] = "class"
    epochs: ClassVar[float] = 8.0
    most_steps: ClassVar[int] = 2000

    def __init__(self, recipe: ClassifyRecipe) -> None:
        super().__init__(recipe)
        self.data: Labelled
        self.masking: Masking
        self._train: list[np.ndarray] = []
        self._validation: list[np.ndarray] = []

    def prepare(self, parallel: Parallel, *, visible: bool) -> None:
        """Read the texts, train or take a tokeniser, and settle shape, batch, rates and steps."""
        given = self._open_base()
        labels = self._base.config.labels if self.measuring and self._base is not None else None
        self.data = read_labelled(self.recipe.data, self.recipe.train.seed, labels)
        texts, head = [example.text for example in self.data.train], self._head(self.data.labels)
        self._train = self._learn_from(texts, self.data.report, given, visible=visible, **head)
        self._validation = self.tokenizer.encode_batch([example.text for example in self.data.validation])
        self._measure_rows(self._train)
        self._settle(len(texts))
        if self.recipe.loss.hide:
            self.masking = masking(self.tokenizer, self.config.vocab_size, self.recipe.loss.hide)

    def usual_batch(self) -> int:
        """32 texts."""
        return 32

    def _head(self, labels: tuple[str, ...]) -> dict[str, Any]:
        return {"head": self.head, "pooler": True, "labels": labels}

    def _head_without_data(self) -> dict[str, Any]:
        return self._head(("?", "?"))

    def build(self) -> dict[str, nn.Module]:
        """The encoder; unless it sorts already, its first token begins by reading all of the text alike, and one that
        goes on from no other begins as tf-idf."""
        modules = super().build()
        encoder = modules["model"]
        assert isinstance(encoder, Encoder)
        self._begin_as_tfidf(encoder, self._train, reading=True)
        if self._base is None or self._base.config.head != self.head:
            read_whole_text(encoder)
        return modules

    # ---- training

    def batch(self, draw: Draw, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
        """Ids [b, T], which of them are no padding, and labels [b]."""
        numbers = example_numbers(draw.seed, draw.step, self.batch_size, self.lengths)[draw.indices.numpy()]
        ids, real = self.marks.rows([self._train[number] for number in numbers], self.context)
        if self.recipe.loss.hide:
            ids, _ = self.masking.apply(ids, draw.keys(_MASKS).cpu())
        labels = torch.tensor([self.data.train[number].label for number in numbers])
        return ids.to(device), real.to(device), labels.to(device)

    def loss(
        self, encoder: Encoder, batch: tuple[Tensor, Tensor, Tensor], draw: Draw
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean negative log-likelihood of the labels, in nats."""
        ids, real, labels = batch
        logits = encoder.classify(encoder.hidden(ids, real, dropout_keys=self.dropout_keys(draw))).float()
        loss = F.cross_entropy(logits, labels, label_smoothing=self.recipe.loss.smoothing)
        return loss, {"accuracy": (logits.argmax(1) == labels).double().mean()}

    # ---- evaluation

    @torch.no_grad()
    def evaluate(self, modules: dict[str, nn.Module], parallel: Parallel) -> dict[str, float]:
        """loss (nats per text), accuracy and macro-F1 on the validation texts."""
        encoder = modules["model"]
        assert isinstance(encoder, Encoder)
        confusion, nats = self._confusion(encoder, parallel)
        return {"loss": nats / confusion.sum().item(), **sorted_scores(confusion)}

    def _confusion(self, encoder: Encoder, parallel: Parallel) -> tuple[np.ndarray, float]:
        """Who was taken for whom, int64 [L, L], and the loss of all texts together."""
        wanted, count = self._wanted(self.data.validation), len(self.config.labels)
        sums = torch.zeros(count * count + 1, dtype=torch.float64, device=parallel.device)
        batches = list(passes(self._validation, self.marks, self.context, parallel.device))
        for (numbers, ids, real), mine in turns(batches, parallel):
            logits = encoder.classify(encoder.hidden(ids, real)).float().cpu()
            labels = torch.from_numpy(wanted[numbers])
            if mine:
                table = confusion_matrix(wanted[numbers], logits.argmax(1).numpy(), count)
                nats = F.cross_entropy(logits, labels, reduction="sum").double()
                sums += torch.cat((torch.from_numpy(table).flatten(), nats[None])).to(sums.device)
        found = parallel.sum(sums).cpu().numpy()
        return found[:-1].astype(np.int64).reshape(count, count), float(found[-1])

    @staticmethod
    def _wanted(examples: list[Example]) -> np.ndarray:
        return np.array([example.label for example in examples], dtype=np.int64)

    def _rivals(self) -> dict[str, Any]:
        """The commonest label for all, and a logistic regression over tf-idf, on the same split."""
        train, validation = self._wanted(self.data.train), self._wanted(self.data.validation)
        count = len(self.config.labels)
        commonest = np.full(len(validation), np.bincount(train).argmax())
        return {"commonest": sorted_scores(confusion_matrix(validation, commonest, count))} | or_nothing(
            lambda: {
                "tfidf": tfidf_classifier(
                    ([example.text for example in self.data.train], train.tolist()),
                    ([example.text for example in self.data.validation], validation.tolist()),
                    count,
                    characters=counted_by_characters(self.report),
                )
            }
        )

    # ---- results

    def _answers(self, weights: Weights) -> Iterator[tuple[str, str]]:
        """The label that each text got, and the one it should have."""
        shown = self.data.validation[:_SAMPLES]
        found = EncoderModel(self.encoder(weights), self.tokenizer).classify([example.text for example in shown])
        for example, given in zip(shown, found, strict=True):
            wanted = self.config.labels[example.label]
            yield example.text, f"{given.label} {given.probabilities[given.label]:.2f} ({wanted})"

    def summary(self, weights: Weights) -> dict[str, Any]:
        """Baselines, sizes, and who was taken for whom: rows are true labels."""
        alone = Parallel(rank=0, world=1, device=torch.device("cpu"), mode="single")
        with torch.no_grad():
            confusion, _ = self._confusion(self.encoder(weights), alone)
        return super().summary(weights) | {"labels": list(self.config.labels), "confusion": confusion.tolist()}
