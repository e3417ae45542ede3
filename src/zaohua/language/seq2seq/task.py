"""From one text to another: an encoder-decoder learns the second text of every pair from the first (seed §3.1)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn

from zaohua.data.order import example_numbers
from zaohua.data.pairs import Pairs, PairsConfig, columns, read_pairs
from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import t
from zaohua.language.encoders.dial import EncoderModelConfig
from zaohua.language.seq2seq.folder import load_seq2seq, save_seq2seq
from zaohua.language.seq2seq.model import Seq2SeqModel, padded
from zaohua.language.seq2seq.module import Seq2Seq, Seq2SeqConfig, initialise_seq2seq
from zaohua.language.text_card import seq2seq_card
from zaohua.language.text_task import TextTask, counted_by_characters, model_folder, or_nothing, turns
from zaohua.language.tokenizer import Tokenizer, TokenizerConfig
from zaohua.metrics.chrf import chrf
from zaohua.metrics.perplexity import perplexity
from zaohua.metrics.tfidf import tfidf_nearest
from zaohua.metrics.values import values_said
from zaohua.nn.blank import filled
from zaohua.recipe import Section
from zaohua.training.config import Count, RunConfig, TrainConfig
from zaohua.training.parallel import Parallel
from zaohua.training.task import Draw, Weights

_WRITTEN = 256  # first texts of validation that are answered in an evaluation
_SAMPLES = 4
_PAIRS_PER_PASS = 32
Rows = tuple[Tensor, Tensor, Tensor, Tensor]


class Seq2SeqModelConfig(EncoderModelConfig):
    """The shape of both stacks, each as an encoder's; `layers` are the decoder's."""

    encoder_layers: Count | None = None


class Seq2SeqRecipe(Section):
    """The whole recipe of `task = "seq2seq"`. data.first is read, data.second is written."""

    task: Literal["seq2seq"]
    data: PairsConfig
    tokenizer: TokenizerConfig = TokenizerConfig(vocab_size=2048)
    model: Seq2SeqModelConfig = Seq2SeqModelConfig()
    train: TrainConfig = TrainConfig()
    run: RunConfig


class Seq2SeqTask(TextTask):
    """Two stacks, cross-entropy of the second text's tokens."""

    Recipe: ClassVar[type[Section]] = Seq2SeqRecipe
    epochs: ClassVar[float] = 20.0
    most_steps: ClassVar[int] = 3000

    def __init__(self, recipe: Seq2SeqRecipe) -> None:
        super().__init__(recipe)
        self.data: Pairs
        self.config: Seq2SeqConfig
        self._base: Seq2Seq | None = None
        self._train: list[tuple[np.ndarray, np.ndarray]] = []
        self._validation: list[tuple[np.ndarray, np.ndarray]] = []
        self._targets = np.zeros(0, np.int64)  # tokens to be written of each training pair

    # ---- data and shape

    def prepare(self, parallel: Parallel, *, visible: bool) -> None:
        """Read the pairs, train or take a tokeniser, and settle shape, batch, rates and steps."""
        given = self._open_base()
        self.data = read_pairs(self.recipe.data, self.recipe.train.seed)
        firsts, seconds = columns(self.data.train)
        both = self._learn_from([*firsts, *seconds], self.data.report, given, visible=visible)
        self._train = list(zip(both[: len(firsts)], both[len(firsts) :], strict=True))
        held_back = (self.tokenizer.encode_batch(column) for column in columns(self.data.validation))
        self._validation = list(zip(*held_back, strict=True))
        context = self.config.context  # an end-of-text token stands after each
        rows = np.array([[min(len(ids) + 1, context) for ids in pair] for pair in self._train], dtype=np.int64)
        self.lengths, self._targets = rows.sum(1), rows[:, 1]
        self._settle(len(firsts))

    def room(self) -> int:
        """All but the end-of-text token."""
        return self.config.context - 1

    def _open_base(self) -> Tokenizer | None:
        if self.recipe.model.base is None:
            return None
        self._base, tokenizer = load_seq2seq(model_folder(self.recipe.model.base))
        return tokenizer

    def _begin(self, tokenizer: Tokenizer, **head: Any) -> None:
        self.tokenizer = tokenizer
        self._take_shape(tokenizer.vocab_size)

    def _begin_without_data(self, tokenizer: Tokenizer | None) -> None:
        self._take_shape(self.recipe.tokenizer.vocab_size if tokenizer is None else tokenizer.vocab_size)

    def _take_shape(self, vocab_size: int) -> None:
        """Fill in every number of the shape that the recipe leaves open, or take the base's."""
        model = self.recipe.model
        if self._base is not None:
            self.config = replace(self._base.config, dropout=model.dropout)
        else:
            depth = model.depth or model.layers or 2
            width = model.width or 64 * depth
            heads = model.heads or max(1, width // 32)
            if width % heads or width // heads % 2:
                raise UsageError(t("encoder.heads_do_not_divide", width=width, heads=heads))
            self.config = Seq2SeqConfig(
                encoder_layers=model.encoder_layers or depth,
                layers=model.layers or depth,
                width=width,
                heads=heads,
                head_dim=width // heads,
                ffn_width=model.ffn_width or 32 * round(width * 8 / 3 / 32),
                vocab_size=vocab_size,
                context=model.context or 128,
                dropout=model.dropout,
            )
        names = ("encoder_layers", "layers", "width", "heads", "ffn_width", "context")
        kept = {name: getattr(self.config, name) for name in names}
        model = model.model_copy(update={**kept, "depth": self.config.layers})
        self.recipe = self.recipe.model_copy(update={"model": model})

    def usual_batch(self) -> int:
        """32 pairs."""
        return 32

    def build(self) -> dict[str, nn.Module]:
        """The model with weights drawn from the seed, or those it goes on from."""
        model = Seq2Seq(self.config)
        initialise_seq2seq(model, self.recipe.train.seed)
        if self._base is not None:
            model.load_state_dict(self._base.state_dict())
        return {"model": model}

    # ---- training

    def batch(self, draw: Draw, device: torch.device) -> tuple[Rows, float]:
        """See `_rows`; and what turns the sum of these rows' losses into their share of the whole batch's mean, times
        the number of parts."""
        numbers = example_numbers(draw.seed, draw.step, self.batch_size, self.lengths)
        own = numbers[draw.indices.numpy()]
        share = self.batch_size / len(own) / self._targets[numbers].sum()
        return self._rows([self._train[number] for number in own], device), float(share)

    def _rows(self, pairs: Sequence[tuple[np.ndarray, np.ndarray]], device: torch.device) -> Rows:
        """What is read, which of it is no padding, what has been written, and what comes next: 4 x [b, …]. A second
        text that is cut has no end to learn."""
        end, context = self.tokenizer.eot_id, self.config.context
        ids, real = padded([np.append(first[: context - 1], end) for first, _ in pairs], end)
        inputs, written = padded([np.insert(second, 0, end)[:context] for _, second in pairs], end)
        targets, _ = padded([np.append(second, end)[:context] for _, second in pairs], end)
        targets = targets.masked_fill(~written, -100)
        return ids.to(device), real.to(device), inputs.to(device), targets.to(device)

    def loss(self, model: Seq2Seq, batch: tuple[Rows, float], draw: Draw) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean negative log-likelihood of the second texts' tokens over the whole batch, in nats."""
        rows, share = batch
        return model.loss(*rows, self.dropout_keys(draw)) * share, {}

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
        sums = torch.zeros(2, dtype=torch.float64, device=parallel.device)
        order = np.argsort([len(first) + len(second) for first, second in self._validation], kind="stable")
        parts = [order[i : i + _PAIRS_PER_PASS] for i in range(0, len(order), _PAIRS_PER_PASS)]
        for numbers, mine in turns(parts, parallel):
            rows = self._rows([self._validation[number] for number in numbers], parallel.device)
            nats = model.loss(*rows).double()
            if mine:
                sums += torch.stack((nats, (rows[3] >= 0).sum().double()))
        nats, count = parallel.sum(sums).tolist()
        firsts, seconds = self._questions()
        answers = Seq2SeqModel(model, self.tokenizer).rewrite(firsts, self.config.context)
        return {"loss": nats / count, "perplexity": perplexity(nats / count), **_written(firsts, answers, seconds)}

    def _questions(self) -> tuple[list[str], list[list[str]]]:
        """Distinct first texts of validation, those that fit the context, and all second texts of each."""
        known: dict[str, list[str]] = {}
        for pair, (ids, _) in zip(self.data.validation, self._validation, strict=True):
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
