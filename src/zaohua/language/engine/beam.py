"""Beam search: the likeliest whole texts rather than a likely next token, step by step, a few beginnings at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from zaohua.errors import UsageError
from zaohua.i18n import t
from zaohua.language.engine.attending import Piece
from zaohua.language.engine.engine import Engine, check_prompt
from zaohua.language.engine.layouts import Layout
from zaohua.language.engine.request import Completion, check_range
from zaohua.language.engine.slots import BLOCK, Slot, SlotPool

MOST_BEAMS = 256


@dataclass(frozen=True)
class Beam:
    """A text: the tokens after the prompt and ln p of them all."""

    ids: tuple[int, ...]
    logprob: float

    def score(self, length_penalty: float) -> float:
        """ln p / length^penalty: above 0 longer texts are not punished for each token they have more."""
        return self.logprob / len(self.ids) ** length_penalty


def refuse_with_beams(**options: Any) -> None:
    """Raises UsageError for an option that beam search does not take and that is given."""
    for name, value in options.items():
        if value not in (None, 0, ()):
            raise UsageError(t("engine.beams_alone", option=name))


def likeliest(
    engine: Engine,
    prompt: Sequence[int],
    *,
    n: int,
    beams: int,
    max_new_tokens: int,
    stop_ids: frozenset[int],
    length_penalty: float = 1.0,
) -> list[Completion]:
    """The n best continuations of `prompt`, best first. Raises UsageError for a value out of range."""
    context = engine.config.context
    check_range("beams", beams, 1, MOST_BEAMS)
    check_range("n", n, 1, MOST_BEAMS)
    if n > beams:
        raise UsageError(t("engine.beams_at_least_n", beams=beams, n=n))
    check_range("max_new_tokens", max_new_tokens, 1, context)
    check_prompt(prompt, context)
    if len(prompt) + max_new_tokens > context:
        raise UsageError(t("engine.beams_too_long", tokens=len(prompt) + max_new_tokens, context=context))
    found = beam_search(
        engine.model,
        SlotPool(engine.config, engine.pool.budget, engine.pool.like),
        prompt,
        beams=beams,
        max_new_tokens=max_new_tokens,
        stop_ids=stop_ids,
        blocked=engine.chooser.not_text(stop_ids),
        length_penalty=length_penalty,
    )
    completions = []
    for index, beam in enumerate(found[:n]):
        decode, ends = engine.tokenizer.stream(), beam.ids[-1] in stop_ids
        text = "".join(decode.push(token) for token in beam.ids[: len(beam.ids) - ends])
        completions.append(Completion(index, list(beam.ids), text, "stop" if ends else "length"))
    return completions


@torch.inference_mode()
def beam_search(
    model: Layout,
    pool: SlotPool,
    prompt: Sequence[int],
    *,
    beams: int,
    max_new_tokens: int,
    stop_ids: frozenset[int] = frozenset(),
    blocked: Tensor | None = None,
    length_penalty: float = 1.0,
) -> list[Beam]:
    """The best `beams` texts found, best first; as transformers searches with early_stopping=False.

    prompt and max_new_tokens must fit into the context. blocked: ids [K] that are never written.
    """
    taken = [pool.take(len(prompt) + max_new_tokens) for _ in range(beams)]
    slots = [slot for slot in taken if slot is not None]
    if len(slots) < beams:
        raise MemoryError
    return _search(model, slots, list(prompt), max_new_tokens, stop_ids, blocked, length_penalty)


def _search(
    model: Layout,
    slots: list[Slot],
    prompt: list[int],
    max_new_tokens: int,
    stop_ids: frozenset[int],
    blocked: Tensor | None,
    length_penalty: float,
) -> list[Beam]:
    beams = len(slots)

    def rank(beam: Beam) -> float:
        return beam.score(length_penalty)

    running, finished = [Beam((), 0.0)], list[Beam]()
    logits = _read(model, slots[0], prompt)  # [1, V]
    for length in range(1, max_new_tokens + 1):
        candidates = _extend(running, logits, blocked, beams * (1 + max(1, len(stop_ids))))
        ends = [length == max_new_tokens or beam.ids[-1] in stop_ids for _, beam in candidates]
        # Only what is among the best `beams` may end here: a bad text does not win by stopping early.
        finished += [beam for (_, beam), end in zip(candidates[:beams], ends, strict=False) if end]
        finished = sorted(finished, key=rank, reverse=True)[:beams]
        going = [candidate for candidate, end in zip(candidates, ends, strict=True) if not end][:beams]
        running = [beam for _, beam in going]
        full = len(finished) == beams
        if not running or (full and rank(running[0]) <= rank(finished[-1])):
            break
        _hand_over(slots, [parent for parent, _ in going])
        pieces = [Piece(slot, slot.length) for slot in slots[: len(running)]]
        logits = model.logits(model([beam.ids[-1] for beam in running], pieces))
        for slot in slots[: len(running)]:
            slot.length += 1
    return finished


def _read(model: Layout, slot: Slot, prompt: list[int]) -> Tensor:
    """Logits after the prompt, [1, V]"""
    hidden = torch.empty(0)
    for start in range(0, len(prompt), BLOCK):
        block = prompt[start : start + BLOCK]
        hidden = model(block, [Piece(slot, start, len(block))])
    slot.length = len(prompt)
    return model.logits(hidden[-1:])


def _extend(running: list[Beam], logits: Tensor, blocked: Tensor | None, most: int) -> list[tuple[int, Beam]]:
    """The likeliest texts one token longer, best first, each with the place of the beam it goes on from."""
    logs = logits.log_softmax(-1)
    if blocked is not None:
        logs.index_fill_(1, blocked, -torch.inf)
    totals = logs + torch.tensor([beam.logprob for beam in running], device=logs.device)[:, None]
    best = totals.flatten().topk(min(most, totals.numel()))
    found = []
    for total, place in zip(best.values.tolist(), best.indices.tolist(), strict=True):
        parent, token = divmod(place, logs.shape[1])
        if total > -torch.inf:
            found.append((parent, Beam((*running[parent].ids, token), total)))
    return found


def _hand_over(slots: list[Slot], parents: list[int]) -> None:
    """Put into slot i what beam i goes on from: the slot of its parent, or a copy where a parent has several."""
    free = [slot for place, slot in enumerate(slots) if place not in parents]
    taken: set[int] = set()
    order = []
    for parent in parents:
        if parent in taken:
            copy = free.pop()
            copy.copy_from(slots[parent])
            order.append(copy)
        else:
            taken.add(parent)
            order.append(slots[parent])
    slots[:] = [*order, *free]
