"""Which rows make up a batch, and what is drawn for each: functions of (seed, step, place in the batch) alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from zaohua.language.tokenizer import Tokenizer
from zaohua.multimodal.any.examples import Example, Examples
from zaohua.multimodal.any.questions import question
from zaohua.multimodal.any.templates import (
    MEDIUM,
    TEMPLATES,
    Part,
    Row,
    Weighting,
    from_text,
    medium_part,
    reads,
    reads_picture,
    row,
    seen_part,
    text_part,
)
from zaohua.multimodal.any.vocabulary import Vocabulary
from zaohua.seeding import uniform

_QUESTION, _ANSWER = 12, 12  # tokens of a question around the name in it, and of an answer where no name is, about
_CHOICES = 8  # numbers that decide a row's caption, view and question
_MOST = 4_000_000  # entries in an epoch


@dataclass(frozen=True, eq=False)
class Entry:
    """A template to be filled with an example in a language; "" where no text is in it."""

    template: str
    example: Example
    others: Sequence[Example]  # of its set
    language: str

    def length(self, looks: int = 0) -> int:
        """Tokens of its row, its longest caption taken. looks: vectors of a picture that is looked at."""
        parts = TEMPLATES[self.template]
        total = max(map(len, self.example.codes)) + 2 if set(parts) - {"text"} else 0
        if self.looks:
            total = looks + 2
        if self.language:
            known = self.example.captions.get(self.language, []) + self.example.kinds.get(self.language, [])
            longest, texts = max(map(len, known), default=_ANSWER), parts.count("text")
            made = texts * longest + (texts - 1) * _QUESTION
            total += 2 * texts + (self.example.asking.get(self.language, made) if texts > 1 else made)
        return total

    @property
    def looks(self) -> bool:
        """Whether its picture is to be read, and has been seen by more than codes."""
        return reads_picture(self.template) and bool(self.example.seen)


def entries(sets: Sequence[Examples], templates: Iterable[str]) -> dict[str, list[Entry]]:
    """For every template each example that fits it, in every language in which something is said of it."""
    found = {}
    for template in templates:
        parts = TEMPLATES[template]
        media = [part for part in parts if part != "text"]
        found[template] = [
            Entry(template, item, examples.items, language)
            for examples in sets
            if media == [MEDIUM[examples.kind]]
            for item in examples.items
            for language in _languages(parts, item)
        ]
    return found


def _languages(parts: tuple[str, ...], item: Example) -> Iterable[str]:
    """Those in which there is something to fill a template with."""
    if "text" not in parts:
        return ("",)
    return item.captions if parts.count("text") == 1 else sorted({*item.captions, *item.asked})


def epoch(pools: Mapping[str, Sequence[Entry]], weights: Mapping[str, float]) -> list[Entry]:
    """Entries so often that templates stand to one another as their weights say and each entry comes at least once."""
    scale = min(max(len(pool) / weights[name] for name, pool in pools.items()), _MOST / sum(weights.values()))
    return [
        pool[number % len(pool)]
        for name, pool in pools.items()
        for number in range(max(1, round(weights[name] * scale)))
    ]


@dataclass(frozen=True, kw_only=True)
class Filler:
    """Fills templates. context: tokens of a row, at most; texts are cut to fit. without: the share of rows from text
    to a medium that lack the text, so that the model also knows what pictures are like in general (classifier-free
    guidance, Ho & Salimans 2022, arXiv:2207.12598); kinds: of these rows the share that tell, or only tell, the class
    of the thing, where it has one; looks: vectors of a picture that is looked at. corrupt: the largest share of codes
    replaced in a row, whose own share is drawn evenly: where little of what was written before can be trusted, the
    text alone tells what to draw, and a model that never meets such rows goes by what it drew, hardly by the text."""

    vocabulary: Vocabulary
    tokenizer: Tokenizer
    context: int
    weighting: Weighting = field(default_factory=Weighting)
    without: float = 0.0
    corrupt: float = 0.0
    kinds: float = 0.0
    looks: int = 0

    def rows(self, chosen: Sequence[Entry], keys: Tensor) -> list[Row]:
        """A row of each entry. keys: int32 [b], see zaohua.seeding."""
        choices = uniform(keys, _CHOICES).numpy()
        shares = self.corrupt * uniform(keys, 1, 3)[:, 0].numpy()
        noise = [uniform(keys, self.context + 1, site).numpy() for site in (1, 2)] if self.corrupt else None
        return [
            row(
                self.parts(entry, choices[place], self.without),
                self.weighting,
                float(shares[place]),
                None if noise is None else np.stack((noise[0][place], noise[1][place])),
            )
            for place, entry in enumerate(chosen)
        ]

    def parts(self, entry: Entry, draws: Sequence[float], without: float = 0.0) -> list[Part]:
        """The parts of an entry's row."""
        example, template = entry.example, TEMPLATES[entry.template]
        view = int(draws[0] * len(example.codes)) if reads(entry.template) else 0
        turned = example.mirrored if not reads(entry.template) and draws[0] < 0.5 else None
        codes = example.codes[view] if turned is None else turned
        medium = self.looks if entry.looks else len(codes)
        if from_text(entry.template) and draws[1] < without:
            template = template[1:]
        texts = self._texts(entry, template.count("text"), draws[2:])
        room = self.context + 1 - (medium + 2 if len(texts) < len(template) else 0)
        parts = []
        for part in template:
            if part == "text":
                ids = texts.pop(0)[: max(0, room // (1 + len(texts)) - 2)]
                room -= len(ids) + 2
                parts.append(text_part(self.vocabulary, entry.language, ids, self.tokenizer.eot_id))
            elif entry.looks:
                parts.append(seen_part(self.vocabulary, example.seen[view], self.looks))
            else:
                parts.append(medium_part(self.vocabulary, part, codes))
        return parts

    def _texts(self, entry: Entry, count: int, draws: Sequence[float]) -> list[np.ndarray]:
        """Tokens of the texts of a row: what is said of the example, or a question and its answer. What is to be
        written is the main caption, what is read may be any."""
        if count == 0:
            return []
        if count == 1:
            said = entry.example.captions[entry.language]
            if TEMPLATES[entry.template][-1] == "text":
                return [said[0]]
            if draws[1] < self.kinds:
                said = entry.example.kinds.get(entry.language, said)
            return [said[int(draws[0] * len(said))]]
        asked = question(entry.example, entry.language, entry.others, draws)
        return [np.asarray(self.tokenizer.encode(text), np.int64) for text in asked]


class Batch(NamedTuple):
    """Rows side by side: inputs and targets int64 [b, T], weights float32 [b, T], 0 where a row has ended. looking: the
    rows that begin with pictures looked at, int64 [n], and what was seen, float16 [n, …]; None without."""

    inputs: Tensor
    targets: Tensor
    weights: Tensor
    looking: tuple[Tensor, Tensor] | None = None

    def to(self, device: torch.device) -> "Batch":
        """The same there."""
        looking = None if self.looking is None else (self.looking[0].to(device), self.looking[1].to(device))
        return Batch(self.inputs.to(device), self.targets.to(device), self.weights.to(device), looking)


def batch_of(rows: Sequence[Row]) -> Batch:
    """Rows of any lengths as one batch."""
    longest = max(len(each.inputs) for each in rows)
    inputs, targets = np.zeros((2, len(rows), longest), np.int64)
    weights = np.zeros((len(rows), longest), np.float32)
    for place, each in enumerate(rows):
        size = len(each.inputs)
        inputs[place, :size], targets[place, :size], weights[place, :size] = each.inputs, each.targets, each.weights
    pictures = [(place, row.seen) for place, row in enumerate(rows) if row.seen is not None]
    looking = None
    if pictures:
        seen = np.stack([seen.numpy() for _, seen in pictures])  # autocast would refuse to stack halves
        looking = (torch.tensor([place for place, _ in pictures]), torch.from_numpy(seen))
    return Batch(torch.from_numpy(inputs), torch.from_numpy(targets), torch.from_numpy(weights), looking)
