"""From one text to another: an encoder-decoder learns the second text of every pair from the first (seed §3.1)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from torch import nn

from zaohua.data.pairs import Pairs, PairsConfig, columns, read_pairs
from zaohua.errors import ZaohuaError
from zaohua.i18n import t
from zaohua.language.seq2seq.folder import load_seq2seq, save_seq2seq
from zaohua.language.seq2seq.model import Seq2SeqModel
from zaohua.language.seq2seq.module import Seq2Seq, Seq2SeqConfig
from zaohua.language.seq2seq.shape import Seq2SeqModelConfig, stack_shape
from zaohua.language.seq2seq.stacks_task import EncoderDecoderTask, Rows
from zaohua.language.seq2seq.writing import padded, taught
from zaohua.language.text_card import seq2seq_card
from zaohua.language.text_task import counted_by_characters, model_folder, or_nothing
from zaohua.language.tokenizer import Tokenizer, TokenizerConfig
from zaohua.metrics.chrf import chrf
from zaohua.metrics.tfidf import tfidf_nearest
from zaohua.metrics.values import values_said
from zaohua.nn.blank import filled
from zaohua.recipe import Section
from zaohua.training.config import RunConfig, TrainConfig
from zaohua.training.parallel import Parallel
from zaohua.training.task import Draw, Weights

_WRITTEN = 256  # first texts of validation that are answered in an evaluation
_SAMPLES = 4


class Seq2SeqRecipe(Section):
    """The whole recipe of `task = "seq2seq"`. data.first is read, data.second is written."""

    task: Literal["seq2seq"]
    data: PairsConfig
    tokenizer: TokenizerConfig = TokenizerConfig(vocab_size=2048)
    model: Seq2SeqModelConfig = Seq2SeqModelConfig()
    train: TrainConfig = TrainConfig()
    run: RunConfig


class Seq2SeqTask(EncoderDecoderTask):
    """Two stacks, cross-entropy of the second text's tokens."""

    Recipe: ClassVar[type[Section]] = Seq2SeqRecipe

    def __init__(self, recipe: Seq2SeqRecipe) -> None:
        super().__init__(recipe)
        self.data: Pairs
        self._base: Seq2Seq | None
        self._sides: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}  # tokens of both texts

    # ---- data and shape

    def prepare(self, parallel: Parallel, *, visible: bool) -> None:
        """Read the pairs, train or take a tokeniser, and settle shape, batch, rates and steps."""
        given = self._open_base()
        self.data = read_pairs(self.recipe.data, self.recipe.train.seed)
        firsts, seconds = columns(self.data.train)
        both = self._learn_from([*firsts, *seconds], self.data.report, given, visible=visible)
        train = list(zip(both[: len(firsts)], both[len(firsts) :], strict=True))
        held_back = (self.tokenizer.encode_batch(column) for column in columns(self.data.validation))
        self._sides = {"train": train, "validation": list(zip(*held_back, strict=True))}
        self.held_lengths = np.array([len(first) + len(second) for first, second in self._sides["validation"]])
        context = self.config.context  # an end-of-text token stands after each
        rows = np.array([[min(len(ids) + 1, context) for ids in pair] for pair in train], dtype=np.int64)
        self.lengths, self.targets = rows.sum(1), rows[:, 1]
        self._settle(len(firsts))

    def _open_base(self) -> Tokenizer | None:
        if self.recipe.model.base is None:
            return None
        self._base, tokenizer = load_seq2seq(model_folder(self.recipe.model.base))
        return tokenizer

    def _shape(self, vocab_size: int) -> Seq2SeqConfig:
        if self._base is not None:
            return replace(self._base.config, dropout=self.recipe.model.dropout)
        return Seq2SeqConfig(vocab_size=vocab_size, **stack_shape(self.recipe.model))

    def _network(self) -> Seq2Seq:
        return Seq2Seq(self.config)

    # ---- training

    def _rows(self, side: str, numbers: Sequence[int], device: torch.device, draw: Draw | None = None) -> Rows:
        """What is read, which of it is no padding, what has been written, and what comes next: 4 x [b, …]"""
        end, context = self.tokenizer.eot_id, self.config.context
        pairs = [self._sides[side][number] for number in numbers]
        ids, real = padded([np.append(first[: context - 1], end) for first, _ in pairs], end)
        inputs, targets = taught([second for _, second in pairs], end, context)
        return ids.to(device), real.to(device), inputs.to(device), targets.to(device)

    def row_length(self) -> float:
        """Tokens of a pair on average, as far as they are known."""
        return float(self.lengths.mean()) if len(self.lengths) else self.config.context

    def flops_per_step(self) -> float:
        """Forward and backward over the global batch, half of the tokens read and half written."""
        half = self.units_per_step()["tokens"] / self.batch_size / 2
        return self.batch_size * self.config.flops(half, half)

    # ---- evaluation

    @torch.no_grad()
    def evaluate(self, modules: dict[str, nn.Module], parallel: Parallel) -> dict[str, float]:
        """loss (nats per token of the second texts) and perplexity; chrf of the answers written to first texts, each
        against all its second texts; values_said, where first texts are attribute lists."""
        model = modules["model"]
        assert isinstance(model, Seq2Seq)
        firsts, seconds = self._questions()
        answers = Seq2SeqModel(model, self.tokenizer).rewrite(firsts, self.config.context)
        return {**self.held_out(model, parallel), **_written(firsts, answers, seconds)}

    def _questions(self) -> tuple[list[str], list[list[str]]]:
        """Distinct first texts of validation, those that fit the context, and all second texts of each."""
        known: dict[str, list[str]] = {}
        for pair, (ids, _) in zip(self.data.validation, self._sides["validation"], strict=True):
            if len(ids) <= self.room():
                known.setdefault(pair.first, []).append(pair.second)
        firsts = list(known)[:_WRITTEN]
        if not firsts:
            raise ZaohuaError(t("seq2seq.nothing_fits", context=self.config.context))
        return firsts, [known[first] for first in firsts]

    def _rivals(self) -> dict[str, Any]:
        """What people wrote (as far as it can be scored), and the answer of the training pair whose first text is most
        alike by tf-idf."""
        firsts, seconds = self._questions()
        own = values_said(firsts, [known[0] for known in seconds])

        def nearest() -> dict[str, Any]:
            known, answers = columns(self.data.train)
            found = tfidf_nearest(known, firsts, characters=counted_by_characters(self.report))
            return {"nearest": _written(firsts, [answers[n] for n in found], seconds)}

        return ({} if own is None else {"people": {"values_said": own}}) | or_nothing(nearest)

    # ---- results

    def _model(self, weights: Weights) -> Seq2SeqModel:
        """An unsharded model with these weights."""
        return Seq2SeqModel(filled(lambda: Seq2Seq(self.config), weights["model"]), self.tokenizer)

    def _answers(self, weights: Weights) -> Iterable[tuple[str, str]]:
        """What is written to each first text."""
        firsts = self._questions()[0][:_SAMPLES]
        return zip(firsts, self._model(weights).rewrite(firsts, self.config.context), strict=True)

    def save_model(self, folder: Path, weights: Weights, metrics: dict[str, Any], cost: dict[str, Any]) -> None:
        """A folder of our own form with its card."""
        card = seq2seq_card(**self.card_facts(metrics, cost))
        save_seq2seq(self._model(weights).module, self.tokenizer, folder, card)


def _written(firsts: list[str], answers: list[str], seconds: list[list[str]]) -> dict[str, float]:
    """Scores of texts written to first texts that people have answered."""
    said = values_said(firsts, answers)
    return {"chrf": chrf(answers, seconds)} | ({} if said is None else {"values_said": said})
