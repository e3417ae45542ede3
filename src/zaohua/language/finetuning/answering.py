"""What the tasks share that teach a decoder to answer: its chat template, how the data were understood, samples."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from pydantic import Field
from torch import nn

from zaohua.artifacts import Text
from zaohua.data.report import SourceReport
from zaohua.errors import UsageError, ZaohuaError, one_line
from zaohua.i18n import t
from zaohua.language.chat import Chat, Message
from zaohua.language.finetuning.instructions import ChatDataConfig, divide, first_question
from zaohua.language.finetuning.tuning import TuningRecipe, TuningTask
from zaohua.language.formats import load_decoder
from zaohua.language.generation import MOST_TOKENS, complete
from zaohua.language.sampling import SamplingConfig
from zaohua.recipe import Section
from zaohua.report.numbers import whole
from zaohua.training.monitor import say
from zaohua.training.parallel import Parallel, here
from zaohua.training.task import Weights

SAMPLES = 3


class AnswerConfig(Section):
    """What to ask before and after training."""

    prompts: list[str] = []  # none: the first questions held back
    max_new_tokens: int = Field(128, ge=1, le=MOST_TOKENS)
    temperature: float = Field(0.0, ge=0, allow_inf_nan=False)


class AnsweringRecipe(TuningRecipe):
    """What the recipes of these tasks share."""

    data: ChatDataConfig
    sample: AnswerConfig = AnswerConfig()


class AnsweringTask(TuningTask):
    """A decoder with a chat template."""

    held_back: list[Any]  # items that are not learnt from, as they were read

    def __init__(self, recipe: AnsweringRecipe) -> None:
        super().__init__(recipe)
        self.chat: Chat
        self.num_cut = 0  # texts that the context was too short for

    def _open(self, parallel: Parallel) -> None:
        """Open the base with its chat template, and settle the day templates are told."""
        super()._open(parallel)
        data = self.recipe.data
        data = data.model_copy(update={"today": data.today or date.today().isoformat()})
        self.chat = Chat(self.tokenizer, _template(data.template), _day(data.today))
        self.tokenizer.settings["chat_template"] = self.chat.template.source
        self.ends |= self.chat.ends
        self.recipe = self.recipe.model_copy(update={"data": data})

    @abstractmethod
    def _encode(self, items: Sequence[Any], report: SourceReport) -> tuple[list[Any], list[Any]]:
        """The items that something can be learnt from, and what they are as tokens; the report counts the others."""

    def _divided(
        self, items: Sequence[Any], messages: Callable[[Any], Sequence[Message]], report: SourceReport
    ) -> list[tuple[list[Any], list[Any]]]:
        """_encode of the items to learn from, and of those with other first questions, which are held back.

        messages: those of an item up to its answer. Raises ZaohuaError where nothing is left of a side.
        """
        share, seed = self.recipe.data.validation, self.recipe.train.seed
        sides = divide(items, lambda item: first_question(messages(item)), share, seed)
        encoded = [self._encode(side, report) for side in sides]
        for (_, tokens), side in zip(encoded, sides, strict=True):
            if not tokens:
                raise ZaohuaError(t("finetune.nothing_left", count=len(side), reasons=_reasons(report)))
        self.held_back = encoded[1][0]
        return encoded

    def _tell(self, forms: Mapping[str, int], amounts: str, report: SourceReport, *, visible: bool) -> None:
        """Say what was found: the forms of the items, the amounts on both sides, what was left out and what cut."""
        lines = [t("finetune.recognised", forms=", ".join(f"{form} {whole(count)}" for form, count in forms.items()))]
        lines.append(amounts)
        if report.removed:
            lines.append(t("finetune.removed", reasons=_reasons(report)))
        if self.num_cut:
            lines.append(t("finetune.cut", count=whole(self.num_cut), context=whole(self.context)))
        for line in lines:
            say(line, quiet=not visible)

    @abstractmethod
    def questions(self) -> list[Sequence[Message]]:
        """What to ask where the recipe does not say."""

    def sample(self, weights: Weights) -> list[Text]:
        """An answer to each of the recipe's prompts."""
        chosen, (decoder, _) = self.recipe.sample, self.tuned(weights)
        context = decoder.config.context
        room = max(context - chosen.max_new_tokens, context // 2)
        asked = [self.chat.fit([{"role": "user", "content": prompt}], room)[0] for prompt in chosen.prompts]
        written = []
        for messages in asked or self._short_questions(room):
            [answer] = complete(
                decoder,
                self.tokenizer,
                self.chat.encode(messages),
                SamplingConfig(temperature=chosen.temperature),
                max_new_tokens=chosen.max_new_tokens,
                seed=self.recipe.train.seed,
                stop_ids=self.ends,
            )
            written.append(
                Text(
                    text=answer.text,
                    prompt="\n\n".join(message["content"] for message in messages) + "\n\n",
                    seed=self.recipe.train.seed,
                    finish_reason=answer.finish_reason,
                    tokens=len(answer.ids),
                )
            )
        return written

    def _short_questions(self, room: int) -> list[Sequence[Message]]:
        """The first few of the questions that leave the answer its room."""
        fitting = (asked for asked in self.questions() if len(self.chat.encode(asked)) <= room)
        return list(islice(fitting, SAMPLES))

    # ---- measured again

    def begin_from(self, modules: dict[str, nn.Module], device: torch.device) -> None:
        """Note what must be known of the base while the modules are still as it is."""

    @torch.no_grad()
    def measure_again(self, folder: Path) -> dict[str, Any]:
        """Metrics of a model folder that came of this recipe on what the recipe holds back, beside those of its base.

        Raises ZaohuaError if the data or the base are not where they were.
        """
        self.recipe = self.recipe.model_copy(update={"lora": None})  # the folder holds whole weights
        alone = Parallel(rank=0, world=1, device=here(), mode="single")
        self.prepare(alone, visible=False)
        modules = {name: module.to(alone.device).eval() for name, module in self.build().items()}
        self.begin_from(modules, alone.device)
        before = self.evaluate(modules, alone)
        self.decoder.load_state_dict(load_decoder(folder)[0].state_dict())
        metrics = self.evaluate(modules, alone)
        return {"metrics": metrics, "baselines": {"before": before}, "data": self.recipe.data.sources}


def _reasons(report: SourceReport) -> str:
    """Why items were left out, and how many."""
    return ", ".join(f"{t(f'finetune.removed_{name}')} {whole(count)}" for name, count in report.removed.items())


def _template(path: str | None) -> str | None:
    if path is None:
        return None
    try:
        return Path(path).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ZaohuaError(t("chat.cannot_read", path=path, reason=one_line(error))) from error


def _day(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(t("finetune.bad_day", value=text)) from error
