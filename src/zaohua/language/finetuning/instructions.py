"""Conversations to learn from, in the forms people keep them: Alpaca, ShareGPT, OpenAI messages, prompt/completion.

Which form an item has is told by its fields, item by item, and reported.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import Field

from zaohua.data.clean import clean_text
from zaohua.data.report import SourceReport
from zaohua.data.rows import read_records
from zaohua.errors import ZaohuaError, one_line
from zaohua.i18n import t
from zaohua.recipe import Section

T = TypeVar("T")
Record = Mapping[str, Any]
Messages = tuple[dict[str, str], ...]

_ROLES = {
    **dict.fromkeys(("user", "human", "prompter"), "user"),
    **dict.fromkeys(("assistant", "gpt", "chatgpt", "model", "bot", "function_call"), "assistant"),
    "system": "system",
    **dict.fromkeys(("tool", "function", "observation"), "tool"),
}


class ChatDataConfig(Section):
    """The `[data]` section of a recipe for conversations or pairs of answers."""

    source: str | list[str] = Field(description="one or several of file: folder: jsonl: parquet: hf:")
    needs: str | None = Field(default=None, description="what the user must bring, if anything")
    max_items: int | None = Field(default=None, ge=1, description="use so many at most, from the start")
    validation: float = Field(default=0.1, gt=0.0, lt=1.0, description="share of the questions held back")
    template: str | None = Field(default=None, description="file of a chat template; left out: the model's own")
    today: str | None = Field(default=None, description="the day templates are told, YYYY-MM-DD; left out: today")

    @property
    def sources(self) -> list[str]:
        """The sources as a list, however they were written."""
        return [self.source] if isinstance(self.source, str) else self.source


@dataclass(frozen=True)
class Conversation:
    """What was said, in order, and where it stands: each message a role and a content."""

    messages: Messages
    where: str


def read_conversations(config: ChatDataConfig, report: SourceReport) -> tuple[list[Conversation], Counter[str]]:
    """All conversations in which the assistant answers, without exact duplicates, and how many items had which form.

    Empty answers and duplicates are counted in the report. Raises ZaohuaError, naming file and line or item, for one of
    no known form or without a field that its form asks for.
    """
    found, forms, seen = [], Counter[str](), set()
    for where, record in read_records(config.sources, report):
        form, messages = conversation(record, where)
        forms[form] += 1
        content = repr(messages)
        answers = [message["content"].strip() for message in messages if message["role"] == "assistant"]
        if not answers or not all(answers):
            report.removed["empty_answer"] += 1
        elif content in seen:
            report.removed["exact"] += 1
        else:
            seen.add(content)
            found.append(Conversation(messages, where))
        if len(found) == config.max_items:
            break
    return found, forms


def conversation(record: Record, where: str) -> tuple[str, Messages]:
    """The form of an item, and its messages from the first that is not the assistant's on."""
    for key, (form, read) in _FORMS.items():
        if record.get(key) is not None:  # in tables every row has every column
            messages = read(record, where)
            start = next((i for i, message in enumerate(messages) if message["role"] != "assistant"), len(messages))
            return form, tuple(messages[start:])
    raise ZaohuaError(t("finetune.unknown_form", where=where, fields=one_line(", ".join(map(str, record)), 60)))


def _alpaca(record: Record, where: str) -> list[dict[str, str]]:
    """instruction, input (may be missing or empty), output; perhaps system, and history as pairs."""
    question, given = field(record, "instruction", where), field(record, "input", where, optional=True)
    messages = system(record, where)
    history = record.get("history") or []
    for pair in history if isinstance(history, list | tuple) else [None]:
        if not (isinstance(pair, list | tuple) and len(pair) == 2 and all(isinstance(text, str) for text in pair)):
            raise ZaohuaError(t("finetune.bad_field", where=where, field="history"))
        messages += [_said("user", pair[0]), _said("assistant", pair[1])]
    text = f"{question}\n{given}" if given.strip() else question
    return [*messages, _said("user", text), _said("assistant", field(record, "output", where))]


def _sharegpt(record: Record, where: str) -> list[dict[str, str]]:
    """conversations: a list of from and value."""
    return system(record, where) + listed(record["conversations"], where, "conversations")


def _openai(record: Record, where: str) -> list[dict[str, str]]:
    """messages: a list of role and content."""
    return listed(record["messages"], where, "messages")


def _completion(record: Record, where: str) -> list[dict[str, str]]:
    """prompt and completion, texts or lists of messages."""
    answer = "response" if record.get("completion") is None and "response" in record else "completion"
    asked = system(record, where) + said_by("user", record, "prompt", where)
    return asked + said_by("assistant", record, answer, where)


_FORMS: dict[str, tuple[str, Callable[[Record, str], list[dict[str, str]]]]] = {
    "messages": ("messages", _openai),
    "conversations": ("ShareGPT", _sharegpt),
    "instruction": ("Alpaca", _alpaca),
    "prompt": ("prompt/completion", _completion),
}


def listed(value: Any, where: str, name: str) -> list[dict[str, str]]:
    """Messages from a list of them, whichever of the two spellings they have."""
    if not isinstance(value, list | tuple):
        raise ZaohuaError(t("finetune.bad_field", where=where, field=name))
    return [message(item, f"{where}, {name}[{index}]") for index, item in enumerate(value)]


def message(value: Any, where: str) -> dict[str, str]:
    """One message: {"from", "value"} or {"role", "content"}."""
    if not isinstance(value, Mapping):
        raise ZaohuaError(t("finetune.bad_field", where=where, field="role"))
    speaker, text = ("from", "value") if "from" in value else ("role", "content")
    role = _ROLES.get(field(value, speaker, where).lower())
    if role is None:
        raise ZaohuaError(
            t("finetune.unknown_role", where=where, role=one_line(value[speaker]), known=", ".join(_ROLES))
        )
    return _said(role, field(value, text, where))


def said_by(role: str, record: Record, name: str, where: str) -> list[dict[str, str]]:
    """A field that is a text of `role`, a message, or a list of messages."""
    value = record.get(name)
    if isinstance(value, list | tuple):
        return listed(value, where, name)
    if isinstance(value, Mapping):
        return [message(value, f"{where}, {name}")]
    return [_said(role, field(record, name, where))]


def field(record: Record, name: str, where: str, *, optional: bool = False) -> str:
    """A text field, in one piece if it comes in parts."""
    value = record.get(name)
    if isinstance(value, list) and all(isinstance(part, Mapping) and part.get("type") == "text" for part in value):
        value = "".join(str(part.get("text", "")) for part in value)
    if value is None and optional:
        return ""
    if value is None:
        raise ZaohuaError(t("finetune.missing_field", where=where, field=name))
    if not isinstance(value, str):
        raise ZaohuaError(t("finetune.bad_field", where=where, field=name))
    return value


def system(record: Record, where: str) -> list[dict[str, str]]:
    """The system message that a field of this name holds, if any."""
    text = field(record, "system", where, optional=True)
    return [_said("system", text)] if text.strip() else []


def _said(role: str, text: str) -> dict[str, str]:
    return {"role": role, "content": clean_text(text, "NFC").strip()}


def divide(items: Sequence[T], question: Callable[[T], str], share: float, seed: int) -> tuple[list[T], list[T]]:
    """The items to learn from and those held back, by a hash of their question and the seed: equal questions are on
    one side, whatever their answers. Raises ZaohuaError unless there are two questions."""
    salt = (seed % 2**64).to_bytes(8, "little")
    questions = {question(item) for item in items}
    if len(questions) < 2:
        raise ZaohuaError(t("finetune.too_few", count=len(questions)))
    ordered = sorted(questions, key=lambda text: hashlib.blake2b(text.encode("utf-8", "replace"), salt=salt).digest())
    held = set(ordered[: min(max(1, round(share * len(ordered))), len(ordered) - 1)])
    learnt = [item for item in items if question(item) not in held]
    return learnt, [item for item in items if question(item) in held]


def first_question(messages: Sequence[Mapping[str, str]]) -> str:
    """What the user says first."""
    return next((message["content"] for message in messages if message["role"] == "user"), "")
