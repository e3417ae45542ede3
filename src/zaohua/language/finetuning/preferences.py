"""Pairs of answers of which people preferred one: a question, the answer chosen, the answer rejected."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zaohua.data.report import SourceReport
from zaohua.data.rows import read_records
from zaohua.errors import ZaohuaError, one_line
from zaohua.i18n import t
from zaohua.language.finetuning.instructions import ChatDataConfig, Messages, listed, said_by, system


@dataclass(frozen=True)
class Preference:
    """What was said before, and the two answers. where: in which file, on which line or as which item."""

    prompt: Messages
    chosen: str
    rejected: str
    where: str

    def messages(self, which: str) -> Messages:
        """The conversation with one of the answers, "chosen" or "rejected"."""
        return (*self.prompt, {"role": "assistant", "content": getattr(self, which)})


def read_preferences(config: ChatDataConfig, report: SourceReport) -> tuple[list[Preference], Counter[str]]:
    """All pairs, without exact duplicates, and how many items had which form.

    Pairs whose answers are equal or empty say nothing about preference: they are left out and counted in the report.
    Raises ZaohuaError, naming file and line or item, for an item without a field it needs.
    """
    found, forms, seen = [], Counter[str](), set()
    for where, record in read_records(config.sources, report):
        form, pair = preference(record, where)
        forms[form] += 1
        content = (repr(pair.prompt), pair.chosen, pair.rejected)
        if not (pair.chosen and pair.rejected):
            report.removed["empty_answer"] += 1
        elif pair.chosen == pair.rejected:
            report.removed["equal_answers"] += 1
        elif content in seen:
            report.removed["exact"] += 1
        else:
            seen.add(content)
            found.append(pair)
        if len(found) == config.max_items:
            break
    return found, forms


def preference(record: Mapping[str, Any], where: str) -> tuple[str, Preference]:
    """The form of an item, and its pair."""
    for name in ("chosen", "rejected"):
        if record.get(name) is None:  # in tables every row has every column
            raise ZaohuaError(t("finetune.missing_field", where=where, field=name))
    chosen, rejected = (said_by("assistant", record, name, where) for name in ("chosen", "rejected"))
    if record.get("conversations") is not None:
        form, prompt = "ShareGPT", listed(record["conversations"], where, "conversations")
    elif record.get("prompt") is not None:
        form, prompt = "prompt", said_by("user", record, "prompt", where)
    else:  # both conversations whole, alike up to their last message
        form, prompt = "chosen/rejected", chosen[:-1]
    answers = [both[-1:] if both[:-1] in ([], prompt) else [] for both in (chosen, rejected)]
    if not prompt or not all(answer and answer[0]["role"] == "assistant" for answer in answers):
        raise ZaohuaError(t("finetune.no_pair", where=where, fields=one_line(", ".join(map(str, record)), 60)))
    before = (*system(record, where), *prompt)
    return form, Preference(before, answers[0][0]["content"], answers[1][0]["content"], where)
