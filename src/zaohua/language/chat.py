"""Conversations as a model reads them: its chat template renders them, its tokeniser encodes the result.

What people write cannot forge the template's own tokens: "<|im_end|>" in a message is ordinary text.
"""

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from zaohua.errors import ZaohuaError
from zaohua.i18n import t
from zaohua.language.template import BEGIN, END, Template
from zaohua.language.tokenizer import Tokenizer

Message = Mapping[str, Any]  # at least "role" and "content"

CHATML = """\
{%- for message in messages %}
{{- '<|im_start|>' + message.role + '\\n' }}
{%- if message.role == 'assistant' %}
{%- generation %}{{ message.content + '<|im_end|>' }}{% endgeneration %}
{%- else %}
{{- message.content + '<|im_end|>' }}
{%- endif %}
{{- '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}
"""
"""For models that were never taught to chat; our own tokenisers have its two tokens."""

PLAIN = """\
{%- for message in messages %}
{{- message.role | capitalize + ':' }}
{%- if message.role == 'assistant' %}
{%- generation %}{{ ' ' + message.content + (eos_token or '') }}{% endgeneration %}
{%- else %}
{{- ' ' + message.content }}
{%- endif %}
{{- '\\n\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}
"""
"""The same for vocabularies without ChatML's tokens, such as GPT-2's."""

_FORGED = "\ufdd2"  # put into what looks like a special token; a noncharacter, as BEGIN and END are
_MARKS = re.compile(f"[{BEGIN}{END}{_FORGED}]")


@dataclass(frozen=True)
class Encoded:
    """A conversation as tokens. ids: int32 [L]; learnt: bool [L], those that the assistant says."""

    ids: np.ndarray
    learnt: np.ndarray

    @property
    def key(self) -> bytes:
        """All of it, to be hashed."""
        return self.ids.tobytes() + self.learnt.tobytes()


class Chat:
    """The chat template of a model with its tokeniser.

    template: takes the place of the model's own. today: the day templates are told, the real one if left out.
    Raises ZaohuaError for a template that is none.
    """

    def __init__(self, tokenizer: Tokenizer, template: str | None = None, today: datetime | None = None) -> None:
        self.tokenizer = tokenizer
        self.template = Template(template or own_template(tokenizer) or _usual(tokenizer), today)
        names = {key: _content(value) for key, value in tokenizer.settings.items() if key.endswith("_token")}
        self._tokens = {key: value for key, value in names.items() if isinstance(value, str)}
        spellings = sorted(tokenizer.special, key=len, reverse=True)
        self._special = re.compile("|".join(map(re.escape, spellings)) or "(?!)")
        self._forged = re.compile("|".join(re.escape(_forge(spelling)) for spelling in spellings) or "(?!)")

    # ---- to read

    def render(self, messages: Sequence[Message], *, answer: bool = True, **variables: Any) -> str:
        """The text of a conversation. answer: end it where the assistant's next message begins.

        variables: what else the template may look at, such as tools. Raises RefusedError if the template takes no such
        messages.
        """
        return _MARKS.sub("", self._render(messages, answer, variables))

    def encode(self, messages: Sequence[Message], *, answer: bool = True, **variables: Any) -> list[int]:
        """The same as token ids."""
        return self._encode(self._render(messages, answer, variables).replace(BEGIN, "").replace(END, ""))

    def fit(self, messages: Sequence[Message], room: int, **variables: Any) -> tuple[list[Message], int]:
        """The conversation without its oldest turns, as many as must go to fit into `room` tokens, and their number.

        A turn is what the user says and all that follows until they speak again; what stands before the first, such
        as a system message, stays. Raises ZaohuaError if not even the last turn fits.
        """
        users = [index for index, message in enumerate(messages) if message["role"] == "user"] or [0]

        def without(dropped: int) -> list[Message]:
            return [*messages[: users[0]], *messages[users[dropped] :]]

        def tokens(dropped: int) -> int:
            return len(self.encode(without(dropped), **variables))

        # Halving, for a long conversation has hundreds of turns to try, and every one is rendered and encoded.
        last = len(users) - 1
        dropped = bisect_left(range(last), True, key=lambda number: tokens(number) <= room)
        if dropped == last and tokens(last) > room:
            raise ZaohuaError(t("chat.turn_too_long", tokens=tokens(last), room=room))
        return without(dropped), dropped

    # ---- to learn from

    def training(self, messages: Sequence[Message], **variables: Any) -> Encoded:
        """A whole conversation as tokens, and which of them the assistant says.

        Those are what stands in the template's generation blocks; where it has none, what each message of the
        assistant adds to the text before it, up to the token that ends the message. Raises RefusedError if the template
        takes no such messages, ZaohuaError if it does not tell whose words are whose.
        """
        ids: list[int] = []
        learnt: list[bool] = []
        for text, says in self._parts(messages, variables):
            part = self._encode(text)
            ids += part
            learnt += self._to_the_end(part, text) if says else [False] * len(part)
        return Encoded(np.array(ids, np.int32), np.array(learnt, bool))

    def _parts(self, messages: Sequence[Message], variables: dict[str, Any]) -> list[tuple[str, bool]]:
        """The text in pieces, each with whether the assistant says it."""
        whole = self._render(messages, False, variables)
        if BEGIN in whole:
            pieces = re.split(f"[{BEGIN}{END}]", whole)
            return [(piece, index % 2 == 1) for index, piece in enumerate(pieces)]
        ends = [0]
        for index, message in enumerate(messages):
            if message["role"] == "assistant":
                head = self._render(messages[:index], True, variables)
                said = self._render(messages[: index + 1], False, variables)
                if not (whole.startswith(said) and said.startswith(head)):
                    raise ZaohuaError(t("chat.no_spans"))
                ends += [len(head), len(said)]
        ends.append(len(whole))
        return [(whole[start:end], index % 2 == 1) for index, (start, end) in enumerate(pairwise(ends))]

    def _to_the_end(self, ids: list[int], text: str) -> list[bool]:
        """All tokens of what the assistant says, but for the blank space after the token that ends it."""
        last = max((index for index, token in enumerate(ids) if token in self.tokenizer.special.values()), default=-1)
        blank = text[len(text.rstrip()) :]
        ends = last >= 0 and self._encode(blank) == ids[last + 1 :]
        return [index <= last for index in range(len(ids))] if ends else [True] * len(ids)

    @cached_property
    def ends(self) -> frozenset[int]:
        """Special tokens that end an answer, as far as the template has one."""
        try:
            text = self.training([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}])
        except ZaohuaError:
            return frozenset()
        last = text.ids[text.learnt].tolist()[-1:]
        return frozenset(last) & frozenset(self.tokenizer.special.values())

    # ---- text

    def _render(self, messages: Sequence[Message], answer: bool, variables: Mapping[str, Any]) -> str:
        given = {"messages": list(messages), "tools": None, "documents": None} | dict(variables)
        return self.template.render(self._tokens | self._defused(given) | {"add_generation_prompt": answer})

    def _defused(self, value: Any) -> Any:
        """The same with a mark in everything that spells a special token, as plain JSON values."""
        if isinstance(value, str):
            return self._special.sub(lambda found: _forge(found[0]), _MARKS.sub("\ufffd", str(value)))
        if isinstance(value, Mapping):
            return {str(key): self._defused(item) for key, item in value.items()}
        return [self._defused(item) for item in value] if isinstance(value, list | tuple) else value

    def _encode(self, text: str) -> list[int]:
        """Token ids of rendered text: the template's tokens as such, forged ones as the characters they are."""
        if _FORGED not in text:
            return self.tokenizer.encode(text, allow_special=True)
        ids, place = [], 0
        for found in self._forged.finditer(text):
            ids += self.tokenizer.encode(text[place : found.start()].replace(_FORGED, ""), allow_special=True)
            ids += self.tokenizer.encode(found[0].replace(_FORGED, ""))
            place = found.end()
        return ids + self.tokenizer.encode(text[place:].replace(_FORGED, ""), allow_special=True)


def own_template(tokenizer: Tokenizer) -> str | None:
    """The chat template that came with a tokeniser; of several, the one called default."""
    found = tokenizer.settings.get("chat_template")
    if isinstance(found, list):
        named = {item.get("name"): item.get("template") for item in found if isinstance(item, dict)}
        found = named.get("default") or next(iter(named.values()), None)
    return found if isinstance(found, str) and found.strip() else None


def _usual(tokenizer: Tokenizer) -> str:
    return CHATML if {"<|im_start|>", "<|im_end|>"} <= tokenizer.special.keys() else PLAIN


def _forge(spelling: str) -> str:
    return spelling[:1] + _FORGED + spelling[1:]


def _content(value: Any) -> Any:
    return value.get("content") if isinstance(value, dict) else value
