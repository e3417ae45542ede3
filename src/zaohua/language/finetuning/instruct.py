"""Supervised fine-tuning on conversations: the assistant's tokens are learnt, everyone else's only read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from zaohua.data.report import SourceReport
from zaohua.i18n import t
from zaohua.language.chat import Encoded, Message
from zaohua.language.finetuning.answering import AnsweringRecipe, AnsweringTask
from zaohua.language.finetuning.instructions import Conversation, read_conversations
from zaohua.language.finetuning.packing import Row, pack
from zaohua.language.finetuning.tuning import USUAL_TOKENS, Scorer, order
from zaohua.language.template import RefusedError
from zaohua.metrics.perplexity import scores
from zaohua.recipe import Section
from zaohua.report.numbers import whole
from zaohua.training.parallel import Parallel
from zaohua.training.task import Draw

CPU_TOKENS_PER_PASS, TOKENS_PER_PASS = 2_048, 16_384


class InstructRecipe(AnsweringRecipe):
    """The whole recipe of `task = "instruct"`. A batch is so many windows of model.context tokens."""

    task: Literal["instruct"]


@dataclass(frozen=True)
class Side:
    """One side of the data: texts, and which of them stand together in a window."""

    texts: list[Encoded]
    windows: list[list[int]]

    @classmethod
    def of(cls, texts: list[Encoded], context: int) -> "Side":
        """The texts, each at most context + 1 tokens, packed: the last token of each takes no place."""
        return cls(texts, pack([len(text.ids) - 1 for text in texts], context))

    def window(self, index: int) -> list[Encoded]:
        """The texts of a window."""
        return [self.texts[number] for number in self.windows[index]]

    @property
    def tokens(self) -> int:
        """Tokens that are read."""
        return sum(len(text.ids) - 1 for text in self.texts)

    @property
    def learnt(self) -> int:
        """Tokens that are predicted."""
        return sum(int(text.learnt[1:].sum()) for text in self.texts)


@dataclass(frozen=True)
class Batch:
    """A row of packed conversations. lengths: tokens of each window; share: one over the learnt tokens of a batch of
    all parts and ranks, times the number of these."""

    row: Row
    lengths: list[int]
    share: float


class InstructTask(AnsweringTask):
    """Cross-entropy of what the assistant says."""

    Recipe: ClassVar[type[Section]] = InstructRecipe
    epochs: ClassVar[float] = 2.0

    train: Side
    validation: Side
    held_back: list[Conversation]

    # ---- data

    def prepare(self, parallel: Parallel, *, visible: bool) -> None:
        """Read, render and encode the conversations; every rank does the same."""
        self._open(parallel)
        config, report = self.recipe.data, SourceReport()
        found, forms = read_conversations(config, report)
        encoded = self._divided(found, lambda item: item.messages, report)
        for conversations, _ in encoded:
            for conversation in conversations:
                content = "".join(message["content"] for message in conversation.messages)
                report.characters += len(content)
                report.bytes += len(content.encode("utf-8", "replace"))
        self.train, self.validation = (Side.of(texts, self.context) for _, texts in encoded)
        answers = (self.tokenizer.decode(text.ids[text.learnt], skip_special=True) for text in encoded[1][1])
        self._answer_bytes = sum(len(answer.encode()) for answer in answers)
        self._settle(len(self.train.windows), max(1, USUAL_TOKENS // self.context))
        self._take_report(report, dict(forms), visible and parallel.main)

    def _encode(
        self, conversations: Sequence[Conversation], report: SourceReport
    ) -> tuple[list[Conversation], list[Encoded]]:
        """What the template takes, as tokens, cut to the context; what has then nothing to learn is left out."""
        kept, texts = [], []
        for conversation in conversations:
            try:
                text = self.chat.training(conversation.messages)
            except RefusedError:
                report.removed["template"] += 1
                continue
            cut = Encoded(text.ids[: self.context + 1], text.learnt[: self.context + 1])
            if not cut.learnt[1:].any():
                report.removed["too_long"] += 1
                continue
            self.num_cut += len(cut.ids) < len(text.ids)
            kept.append(conversation)
            texts.append(cut)
        return kept, texts

    def _take_report(self, report: SourceReport, forms: dict[str, int], visible: bool) -> None:
        sides = {"train": self.train, "validation": self.validation}
        self.report = report.as_dict() | {
            "sources": self.recipe.data.sources,
            "forms": forms,
            "conversations": {name: len(side.texts) for name, side in sides.items()},
            "windows": {name: len(side.windows) for name, side in sides.items()},
            "tokens": {name: side.tokens for name, side in sides.items()},
            "learnt_tokens": {name: side.learnt for name, side in sides.items()},
            "cut": self.num_cut,
            "vocab_size": self.tokenizer.vocab_size,
        }
        self.report["hash"] = self._identity(text.key for side in sides.values() for text in side.texts)
        counts = {name: whole(len(side.texts)) for name, side in sides.items()}
        learnt, tokens = whole(self.train.learnt), whole(self.train.tokens)
        amounts = t("finetune.conversations", **counts, learnt=learnt, tokens=tokens)
        self._tell(forms, amounts, report, visible=visible)

    # ---- training

    def batch(self, draw: Draw, device: torch.device) -> Batch:
        """The windows of this part of the step, end to end."""
        chosen = order(draw.step, self.batch_size, len(self.train.windows), draw.seed)
        own = [self.train.window(chosen[index]) for index in draw.indices.tolist()]
        learnt = sum(int(text.learnt[1:].sum()) for index in chosen for text in self.train.window(index))
        return Batch(
            row=Row.of([text for window in own for text in window], device),
            lengths=[sum(len(text.ids) - 1 for text in window) for window in own],
            share=self.batch_size / len(draw.indices) / learnt,
        )

    def loss(self, scorer: Scorer, batch: Batch, draw: Draw) -> tuple[Tensor, dict[str, Tensor]]:
        """The mean over the learnt tokens of the whole batch, however it is cut into parts."""
        with self.dropping(draw, batch.lengths):
            return scorer(batch.row).sum() * batch.share, {}

    def units_per_step(self) -> dict[str, int]:
        """Tokens, on average."""
        return {"tokens": round(self.batch_size * self.train.tokens / len(self.train.windows))}

    def flops_per_step(self) -> float:
        """Forward and backward over an average batch."""
        tokens = self.units_per_step()["tokens"]
        share = self.train.learnt / self.train.tokens
        return self.flops(tokens, share * tokens, self.train.tokens / len(self.train.texts))

    # ---- evaluation

    @torch.no_grad()
    def evaluate(self, modules: dict[str, nn.Module], parallel: Parallel) -> dict[str, float]:
        """All held-back answers: loss (nats/token), perplexity, bits per byte."""
        side, scorer = self.validation, modules["model"]
        per_pass = CPU_TOKENS_PER_PASS if parallel.device.type == "cpu" else TOKENS_PER_PASS
        each = max(1, per_pass // self.context)
        passes = [range(start, min(start + each, len(side.windows))) for start in range(0, len(side.windows), each)]
        total = torch.zeros((), dtype=torch.float64, device=parallel.device)
        for start in range(0, len(passes), parallel.world):
            mine = start + parallel.rank
            windows = passes[mine if mine < len(passes) else 0]  # sharded weights need every rank in every pass
            row = Row.of([text for index in windows for text in side.window(index)], parallel.device)
            nats = scorer(row).double().sum()
            if mine < len(passes):
                total += nats
        return scores(parallel.sum(total).item(), side.learnt, self._answer_bytes)

    def questions(self) -> list[Sequence[Message]]:
        """Conversations held back, up to the first answer."""
        return [up_to_the_answer(conversation.messages) for conversation in self.held_back]


def up_to_the_answer(messages: Sequence[Message]) -> Sequence[Message]:
    first = next(index for index, message in enumerate(messages) if message["role"] == "assistant")
    return messages[:first]
