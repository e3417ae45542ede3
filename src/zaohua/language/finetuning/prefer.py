"""Direct preference optimisation: of two answers, make the one people chose more likely than the other.

Rafailov et al. 2023, "Direct Preference Optimization: Your Language Model is Secretly a Reward Model".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import ClassVar, Literal

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from zaohua.data.report import SourceReport
from zaohua.files import write_atomic
from zaohua.i18n import t
from zaohua.language.chat import Encoded, Message
from zaohua.language.corpus_cache import cache_folder
from zaohua.language.finetuning.answering import AnsweringRecipe, AnsweringTask
from zaohua.language.finetuning.packing import Row
from zaohua.language.finetuning.preferences import Preference, read_preferences
from zaohua.language.finetuning.tuning import Scorer, order
from zaohua.language.template import RefusedError
from zaohua.recipe import Section
from zaohua.report.numbers import whole
from zaohua.training.parallel import Parallel
from zaohua.training.task import Draw, Phase

_ROUNDING = 1e-4  # of a sum of some hundred log-probabilities


class PreferRecipe(AnsweringRecipe):
    """The whole recipe of `task = "prefer"`. A batch is so many pairs."""

    task: Literal["prefer"]
    beta: float = Field(0.1, gt=0, allow_inf_nan=False, description="how dear it is to depart from the base")


def margins(policy: Tensor, reference: Tensor, beta: float) -> Tensor:
    """β [(log π(y_w|x) − log π_ref(y_w|x)) − (log π(y_l|x) − log π_ref(y_l|x))]: by how much the implicit reward of the
    chosen answer exceeds that of the rejected one. policy, reference: [B, 2] log-probabilities, chosen first -> [B]"""
    rewards = beta * (policy - reference)
    return rewards[:, 0] - rewards[:, 1]


def dpo_loss(policy: Tensor, reference: Tensor, beta: float) -> Tensor:
    """−log σ(margin), eq. 7 of the paper (arXiv:2305.18290). [B, 2], [B, 2] -> [B]"""
    return -F.logsigmoid(margins(policy, reference, beta))


@dataclass(frozen=True)
class Pair:
    """Both conversations as tokens, of which the last answer alone is learnt."""

    chosen: Encoded
    rejected: Encoded

    @property
    def tokens(self) -> int:
        """Tokens that are read."""
        return len(self.chosen.ids) + len(self.rejected.ids) - 2

    @property
    def learnt(self) -> int:
        """Tokens of both answers."""
        return int(self.chosen.learnt[1:].sum() + self.rejected.learnt[1:].sum())


@dataclass(frozen=True)
class Batch:
    """A row in which chosen and rejected answers alternate. reference: [b, 2]; lengths: tokens of each pair."""

    row: Row
    reference: Tensor
    lengths: list[int]


class PreferTask(AnsweringTask):
    """The DPO loss over pairs of answers. The base is the reference: what it thinks is computed once, beforehand."""

    Recipe: ClassVar[type[Section]] = PreferRecipe
    epochs: ClassVar[float] = 2.0

    train: list[Pair]
    validation: list[Pair]
    held_back: list[Preference]

    # ---- data

    def prepare(self, parallel: Parallel, *, visible: bool) -> None:
        """Read, render and encode the pairs; every rank does the same."""
        self._open(parallel)
        config, report = self.recipe.data, SourceReport()
        found, forms = read_preferences(config, report)
        encoded = self._divided(found, lambda item: item.prompt, report)
        self.train, self.validation = (pairs for _, pairs in encoded)
        self._settle(len(self.train), 8)
        texts = (text for pair in self.train + self.validation for text in (pair.chosen, pair.rejected))
        self.report = report.as_dict() | {
            "sources": config.sources,
            "forms": dict(forms),
            "pairs": {"train": len(self.train), "validation": len(self.validation)},
            "tokens": {
                "train": sum(pair.tokens for pair in self.train),
                "validation": sum(pair.tokens for pair in self.validation),
            },
            "cut": self.num_cut,
            "vocab_size": self.tokenizer.vocab_size,
            "hash": self._identity(text.key for text in texts),
        }
        counts = {name: whole(count) for name, count in self.report["pairs"].items()}
        self._tell(forms, t("finetune.pairs", **counts), report, visible=visible and parallel.main)

    def _encode(self, preferences: Sequence[Preference], report: SourceReport) -> tuple[list[Preference], list[Pair]]:
        """What the template takes, as tokens; pairs whose answers are equal or gone after the cut are left out."""
        kept, pairs = [], []
        for preference in preferences:
            try:
                both = [self.chat.training(preference.messages(which)) for which in ("chosen", "rejected")]
            except RefusedError:
                report.removed["template"] += 1
                continue
            chosen, rejected = (self._last_answer(text) for text in both)
            same = np.array_equal(chosen.ids, rejected.ids)
            if same or not (chosen.learnt[1:].any() and rejected.learnt[1:].any()):
                report.removed["too_long"] += 1
                continue
            self.num_cut += any(len(text.ids) > self.context + 1 for text in both)
            kept.append(preference)
            pairs.append(Pair(chosen, rejected))
        return kept, pairs

    def _last_answer(self, text: Encoded) -> Encoded:
        """The text cut to the context, with its last answer alone to learn."""
        begins = np.flatnonzero(np.diff(text.learnt.astype(np.int8), prepend=0) == 1)
        last = begins[-1] if len(begins) else 0  # a template may leave the answer out
        learnt = text.learnt & (np.arange(len(text.ids)) >= last)
        return Encoded(text.ids[: self.context + 1], learnt[: self.context + 1])

    # ---- training

    def phases(self, modules: dict[str, nn.Module], device: torch.device) -> Sequence[Phase]:
        """One phase: the DPO loss. The weights are still the base's here, whatever state is then taken up."""
        self.begin_from(modules, device)
        return super().phases(modules, device)

    def begin_from(self, modules: dict[str, nn.Module], device: torch.device) -> None:
        """What the base thinks of all pairs, computed once and kept."""
        scorer = modules["model"]
        assert isinstance(scorer, Scorer)
        file = cache_folder() / "references" / f"{self.report['hash']}.npy"
        if self.parallel.any(not file.is_file()):  # together: sharded weights need every rank in every pass
            pairs = self.train + self.validation
            reference = torch.cat([self._log_probabilities(scorer, [pair], device) for pair in pairs])
            if self.parallel.main:
                with BytesIO() as content:
                    np.save(content, reference.cpu().numpy(), allow_pickle=False)
                    write_atomic(file, content.getvalue())
        else:
            reference = torch.from_numpy(np.load(file, allow_pickle=False)).to(device)  # [pairs, 2]
        self._reference, self._held_reference = reference.split([len(self.train), len(self.validation)])

    @torch.no_grad()
    def _log_probabilities(self, scorer: Scorer, pairs: Sequence[Pair], device: torch.device) -> Tensor:
        """What the model as it is thinks of both answers of each pair: [b, 2]"""
        row = _row(pairs, device)
        return _summed(scorer(row), row)

    def batch(self, draw: Draw, device: torch.device) -> Batch:
        """The pairs of this part of the step."""
        chosen = order(draw.step, self.batch_size, len(self.train), draw.seed)
        own = [chosen[index] for index in draw.indices.tolist()]
        pairs = [self.train[index] for index in own]
        return Batch(_row(pairs, device), self._reference[own], [pair.tokens for pair in pairs])

    def loss(self, scorer: Scorer, batch: Batch, draw: Draw) -> tuple[Tensor, dict[str, Tensor]]:
        """The mean over the pairs."""
        with self.dropping(draw, batch.lengths):
            policy = _summed(scorer(batch.row), batch.row)
        won = margins(policy, batch.reference, self.recipe.beta)
        return -F.logsigmoid(won).mean(), {"margin": won.mean(), "accuracy": _accuracy(won).mean()}

    def units_per_step(self) -> dict[str, int]:
        """Tokens, on average."""
        return {"tokens": round(self.batch_size * sum(pair.tokens for pair in self.train) / len(self.train))}

    def flops_per_step(self) -> float:
        """Forward and backward over an average batch."""
        tokens = self.units_per_step()["tokens"]
        share = sum(pair.learnt for pair in self.train) / sum(pair.tokens for pair in self.train)
        return self.flops(tokens, share * tokens, tokens / self.batch_size / 2)

    # ---- evaluation

    @torch.no_grad()
    def evaluate(self, modules: dict[str, nn.Module], parallel: Parallel) -> dict[str, float]:
        """Of the pairs held back: DPO loss; margin and accuracy, how often it is positive (half where it is nothing);
        likelier, how often the chosen answer has the higher probability."""
        scorer = modules["model"]
        assert isinstance(scorer, Scorer)
        totals = torch.zeros(4, dtype=torch.float64, device=parallel.device)
        count = len(self.validation)
        for start in range(0, count, parallel.world):
            mine = start + parallel.rank
            index = mine if mine < count else 0  # sharded weights need every rank in every pass
            policy = self._log_probabilities(scorer, [self.validation[index]], parallel.device)
            reference = self._held_reference[index : index + 1]
            won = margins(policy, reference, self.recipe.beta)
            likelier = _accuracy(policy[:, 0] - policy[:, 1])
            found = torch.cat([dpo_loss(policy, reference, self.recipe.beta), won, _accuracy(won), likelier])
            if mine < count:
                totals += found.double()
        names = ("loss", "margin", "accuracy", "likelier")
        return dict(zip(names, (parallel.sum(totals) / count).tolist(), strict=True))

    def questions(self) -> list[Sequence[Message]]:
        """Prompts of the pairs held back."""
        return [preference.prompt for preference in self.held_back]


def _row(pairs: Sequence[Pair], device: torch.device) -> Row:
    return Row.of([text for pair in pairs for text in (pair.chosen, pair.rejected)], device)


def _summed(losses: Tensor, row: Row) -> Tensor:
    """Log-probabilities of whole answers from those of their tokens: [M] -> [b, 2]"""
    total = losses.new_zeros(len(row.lengths)).index_add(0, row.owners, -losses)
    return total.view(-1, 2)


def _accuracy(margin: Tensor) -> Tensor:
    """1 where the chosen answer is ahead, 0 where it is behind, 1/2 where neither is by more than rounding."""
    return (margin.where(margin.abs() > _ROUNDING, 0).sign() + 1) / 2
