"""Sentence vectors from pairs: each first text should be nearer to its own second text than to all others of a batch.

    L = -1/N Σᵢ log( exp(s(aᵢ, bᵢ)/τ) / Σⱼ exp(s(aᵢ, bⱼ)/τ) ),    s: cosine

InfoNCE (van den Oord et al. 2018, arXiv:1807.03748, eq. 4) with the other pairs of the batch as negatives, here the
mean of both directions, as in CLIP (arXiv:2103.00020).
"""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from zaohua.data.order import example_numbers
from zaohua.data.pairs import Pairs, PairsConfig, columns, read_pairs
from zaohua.language.encoders import dial
from zaohua.language.encoders.encoder import Encoder
from zaohua.language.encoders.model import EncoderModel, passes
from zaohua.language.encoders.task import EncoderTask
from zaohua.language.text_task import counted_by_characters, or_nothing, turns
from zaohua.language.tokenizer import TokenizerConfig
from zaohua.metrics.retrieval import retrieval_scores
from zaohua.metrics.tfidf import tfidf_retrieval
from zaohua.recipe import Section
from zaohua.seeding import mix
from zaohua.training.config import Positive, RunConfig, TrainConfig
from zaohua.training.parallel import Parallel
from zaohua.training.task import Draw, Weights

_SAMPLES = 4


class ContrastConfig(Section):
    """temperature: τ; small values look at the hardest negatives alone."""

    temperature: Positive = Field(0.05)


class EmbedRecipe(Section):
    """The whole recipe of `task = "embed"`."""

    task: Literal["embed"]
    data: PairsConfig
    tokenizer: TokenizerConfig = TokenizerConfig()
    model: dial.EncoderModelConfig = dial.EncoderModelConfig()
    loss: ContrastConfig = ContrastConfig()
    train: TrainConfig = TrainConfig()
    run: RunConfig


def info_nce(first: Tensor, second: Tensor, temperature: float, same: Tensor | None = None) -> Tensor:
    """See the head of this file. first, second: [N, D], rows of length 1; same: bool [N, N], pairs off the diagonal
    that are no negatives because one of their texts is the same."""
    logits = first @ second.T / temperature  # [N, N]
    if same is not None:
        logits = logits.masked_fill(same & ~torch.eye(len(first), dtype=torch.bool, device=same.device), -torch.inf)
    target = torch.arange(len(first), device=first.device)
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


class EmbedTask(EncoderTask):
    """Two rows [CLS] text [SEP] a pair. Negatives are the other pairs of the batch, on whatever rank they are computed;
    where train.accumulate cuts it, those of the same part."""

    Recipe: ClassVar[type[Section]] = EmbedRecipe
    head: ClassVar[str] = "none"
    epochs: ClassVar[float] = 8.0
    most_steps: ClassVar[int] = 2000

    def __init__(self, recipe: EmbedRecipe) -> None:
        super().__init__(recipe)
        self.data: Pairs
        self.parallel: Parallel
        self._train: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
        self._texts: tuple[np.ndarray, np.ndarray] = (np.empty(0), np.empty(0))  # numbers of distinct texts

    def prepare(self, parallel: Parallel, *, visible: bool) -> None:
        """Read the pairs, train or take a tokeniser, and settle shape, batch, rates and steps."""
        given = self._open_base()
        self.parallel = parallel
        self.data = read_pairs(self.recipe.data, self.recipe.train.seed)
        firsts, seconds = columns(self.data.train)
        both = self._learn_from([*firsts, *seconds], self.data.report, given, visible=visible, head=self.head)
        self._train = both[: len(firsts)], both[len(firsts) :]
        self._texts = np.unique(firsts, return_inverse=True)[1], np.unique(seconds, return_inverse=True)[1]
        self._measure_rows([a if len(a) > len(b) else b for a, b in zip(*self._train, strict=True)])
        self._settle(len(firsts))

    def build(self) -> dict[str, nn.Module]:
        """The encoder; one that goes on from no other begins as tf-idf."""
        modules = super().build()
        encoder = modules["model"]
        assert isinstance(encoder, Encoder)
        self._begin_as_tfidf(encoder, (ids for side in self._train for ids in side))
        return modules

    def usual_batch(self) -> int:
        """64 pairs: 63 negatives each."""
        return 64

    def row_length(self) -> float:
        """Tokens of a row on average over both texts, as far as they are known."""
        rows = [min(len(ids) + 2, self.context) for side in self._train for ids in side]
        return sum(rows) / len(rows) if rows else self.context

    def units_per_step(self) -> dict[str, int]:
        """Tokens of both texts."""
        return {"tokens": 2 * round(self.batch_size * self.row_length())}

    # ---- training

    def batch(self, draw: Draw, device: torch.device) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Ids and padding of first and second texts, 4 x [b, T], and the numbers of both, [b, 2]."""
        numbers = example_numbers(draw.seed, draw.step, self.batch_size, self.lengths)[draw.indices.numpy()]
        rows = [self.marks.rows([side[number] for number in numbers], self.context) for side in self._train]
        texts = torch.from_numpy(np.stack([kind[numbers] for kind in self._texts], 1))
        return tuple(tensor.to(device) for tensor in (*rows[0], *rows[1], texts))  # type: ignore[return-value]

    def loss(self, encoder: Encoder, batch: Any, draw: Draw) -> tuple[Tensor, dict[str, Tensor]]:
        """InfoNCE of the pairs of all ranks."""
        first, first_real, second, second_real, texts = batch
        keys = self.dropout_keys(draw)
        other = None if keys is None else mix(keys)  # a pair's texts get masks of their own
        firsts = gathered(_vectors(encoder, first, first_real, keys), self.parallel)
        seconds = gathered(_vectors(encoder, second, second_real, other), self.parallel)
        texts = gathered(texts, self.parallel)
        same = (texts[:, None] == texts).any(-1)
        return info_nce(firsts, seconds, self.recipe.loss.temperature, same), {}

    # ---- evaluation

    @torch.no_grad()
    def evaluate(self, modules: dict[str, nn.Module], parallel: Parallel) -> dict[str, float]:
        """loss, recall and mean reciprocal rank: every first text looks for its second among all held-back ones."""
        encoder = modules["model"]
        assert isinstance(encoder, Encoder)
        firsts, answers, right = self._questions()
        vectors = [self._embedded(encoder, texts, parallel) for texts in (firsts, answers)]
        similarity = (vectors[0] @ vectors[1].T).cpu()
        logs = (similarity / self.recipe.loss.temperature).log_softmax(1)
        loss = -logs.masked_fill(~torch.from_numpy(right), -torch.inf).logsumexp(1).mean().item()
        return {"loss": loss, **retrieval_scores(similarity.numpy(), right)}

    def _questions(self) -> tuple[list[str], list[str], np.ndarray]:
        """Distinct first and second texts of validation, and which belong together, bool [N, M]."""
        pairs = self.data.validation
        firsts, answers = (list(dict.fromkeys(column)) for column in columns(pairs))
        place, answer = ({text: number for number, text in enumerate(texts)} for texts in (firsts, answers))
        right = np.zeros((len(firsts), len(answers)), bool)
        for pair in pairs:
            right[place[pair.first], answer[pair.second]] = True
        return firsts, answers, right

    def _embedded(self, encoder: Encoder, texts: list[str], parallel: Parallel) -> Tensor:
        """Vectors of these texts, [N, D], on every rank."""
        found = torch.zeros(len(texts), self.config.width, dtype=torch.float64, device=parallel.device)
        batches = list(passes(self.tokenizer.encode_batch(texts), self.marks, self.context, parallel.device))
        for (numbers, ids, real), mine in turns(batches, parallel):
            vectors = _vectors(encoder, ids, real, None)
            if mine:
                found[numbers] = vectors.double()
        return parallel.sum(found).float()

    def _rivals(self) -> dict[str, Any]:
        """Cosines of tf-idf vectors over the same questions and answers."""
        train = [text for column in columns(self.data.train) for text in column]
        characters = counted_by_characters(self.report)
        return or_nothing(lambda: {"tfidf": tfidf_retrieval(train, *self._questions(), characters=characters)})

    # ---- results

    def _answers(self, weights: Weights) -> Iterator[tuple[str, str]]:
        """The text that was found for each first text."""
        firsts, answers, right = self._questions()
        model = EncoderModel(self.encoder(weights), self.tokenizer)
        similarity = model.similarity(firsts[:_SAMPLES], answers)
        for number, best in enumerate(similarity.argmax(1).tolist()):
            verdict = "✓" if right[number, best] else "✗"
            yield firsts[number], f"{answers[best]} ({similarity[number, best]:.2f} {verdict})"


def gathered(own: Tensor, parallel: Parallel) -> Tensor:
    """The rows of every rank under one another, [b, …] -> [ranks b, …].

    Gradients reach this rank's rows alone, times the number of ranks: their mean over the ranks, which the trainer
    takes, is then the gradient of all.
    """
    if parallel.world == 1:
        return own
    rows = own.new_zeros(parallel.world, *own.shape)
    rows[parallel.rank] = own.detach()
    rows = parallel.sum(rows)
    if own.requires_grad:
        rows[parallel.rank] += parallel.world * (own - own.detach())
    return rows.flatten(0, 1)


def _vectors(encoder: Encoder, ids: Tensor, real: Tensor, keys: Tensor | None) -> Tensor:
    """Normalised mean pooling, [b, T] -> [b, D]."""
    return F.normalize(encoder.pooled(encoder.hidden(ids, real, dropout_keys=keys), real).float(), dim=-1)
