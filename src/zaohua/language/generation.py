"""The generation loop: one prefill of the prompt, then a token at a time for n continuations in one batch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import t
from zaohua.language.decoder import Decoder
from zaohua.language.sampling import SamplingConfig, choose, penalise
from zaohua.language.tokenizer import Tokenizer
from zaohua.seeding import sample_keys, uniform

_STREAM = 1  # this use of randomness, see zaohua.seeding
MOST_TEXTS, MOST_TOKENS = 4096, 1_000_000  # at once: beyond, memory or patience ends first
_DRAWS = 256  # random numbers made at a time: one hash call per token would cost more than a small model's layer

Stream = Callable[[str, int], None]
"""Called with each new piece of text, in whole characters, and the index of the continuation it belongs to."""


@dataclass
class Completion:
    """One continuation. text holds whole characters only and no stop string; ids include a token that ended it."""

    index: int
    ids: list[int] = field(default_factory=list)
    text: str = ""
    finish_reason: Literal["stop", "length"] = "length"


class StopStrings:
    """Lets text through up to the first stop string, holding back an end that may yet become one."""

    def __init__(self, stop: Sequence[str]) -> None:
        self.stop = stop
        self.held = ""

    def push(self, piece: str) -> tuple[str, bool]:
        """The text that is now safe to show, and whether a stop string was met (it and what follows are dropped)."""
        self.held += piece
        starts = [start for start in map(self.held.find, self.stop) if start >= 0]
        if starts:
            return self.held[: min(starts)], True
        safe = len(self.held) - max((self._overlap(stop) for stop in self.stop), default=0)
        shown, self.held = self.held[:safe], self.held[safe:]
        return shown, False

    def _overlap(self, stop: str) -> int:
        """Length of the longest end of the held text that is a beginning of `stop`."""
        longest = min(len(stop) - 1, len(self.held))
        return next((size for size in range(longest, 0, -1) if self.held.endswith(stop[:size])), 0)


class _Row:
    """A continuation being written: its tokens so far, its decoder of bytes and its watch for stop strings."""

    def __init__(self, index: int, tokenizer: Tokenizer, stop: Sequence[str], stream: Stream | None) -> None:
        self.completion = Completion(index)
        self.decode, self.watch, self.stream = tokenizer.stream(), StopStrings(stop), stream

    def add(self, token: int, ends: bool) -> bool:
        """Take the next token; True when the text has come to its end."""
        self.completion.ids.append(token)
        shown, met = (self.watch.held, True) if ends else self.watch.push(self.decode.push(token))
        self._show(shown)
        if met:
            self.completion.finish_reason = "stop"
        return met

    def cut(self) -> Completion:
        """The budget is spent: what was held back is text after all. A character begun but not finished is left out."""
        if self.completion.finish_reason == "length":
            self._show(self.watch.held)
        return self.completion

    def _show(self, piece: str) -> None:
        if piece:
            self.completion.text += piece
            if self.stream is not None:
                self.stream(piece, self.completion.index)


class _Draws:
    """Uniform numbers that depend on (seed, continuation, token number) alone: asking for more continuations, or for
    longer ones, leaves those there were as they are."""

    def __init__(self, seed: int, n: int) -> None:
        self.keys = sample_keys(seed, 0, torch.arange(n), _STREAM)
        self.block, self.values = -1, torch.empty(0)

    def at(self, step: int, rows: Tensor) -> Tensor:
        """Numbers for one token of these continuations. rows: [B] -> [B]"""
        if step // _DRAWS != self.block:
            self.block = step // _DRAWS
            self.values = uniform(self.keys, _DRAWS, self.block)  # [n, draws]
        return self.values[rows, step % _DRAWS]


@torch.inference_mode()
def complete(
    decoder: Decoder,
    tokenizer: Tokenizer,
    prompt: Sequence[int],
    config: SamplingConfig,
    *,
    max_new_tokens: int,
    n: int = 1,
    seed: int = 0,
    stop: Sequence[str] = (),
    stop_ids: frozenset[int] = frozenset(),
    stream: Stream | None = None,
) -> list[Completion]:
    """Continue `prompt` (token ids; empty: <|endoftext|>) n times.

    When the context is full, the window slides: the last half of it is read again as the new beginning, so
    positions restart there and what came before is forgotten. Continuation i depends on (seed, i), not on n, up to
    the rounding of a product with more rows. Raises UsageError for a budget, count or prompt out of range.
    """
    for name, value, most in (("max_new_tokens", max_new_tokens, MOST_TOKENS), ("n", n, MOST_TEXTS)):
        if not 1 <= value <= most:
            expected = t("generate.expected_between", most=most)
            raise UsageError(t("generate.bad_option", name=name, value=value, expected=expected))
    if any(not text for text in stop):
        raise UsageError(t("generate.empty_stop"))
    context, device = decoder.config.context, decoder.embed_tokens.weight.device
    start = list(prompt) or [tokenizer.eot_id]
    check_prompt(start, context)

    capacity = min(context, len(start) + max_new_tokens)
    cache = decoder.new_cache(1, capacity)
    logits = _next_logits(decoder, torch.tensor([start], device=device), cache)  # [1, V], the prompt is read once
    cache.select(torch.zeros(n, dtype=torch.int64, device=device))
    logits = logits.expand(n, -1)

    rows = [_Row(index, tokenizer, stop, stream) for index in range(n)]
    draws, active = _Draws(seed, n), list(rows)
    blocked = _blocked(tokenizer, stop_ids, logits.shape[1]).to(device)
    seen = counts = torch.empty(0)
    if config.penalises:
        seen = torch.zeros_like(logits, dtype=torch.bool)
        seen[:, start] = True
        counts = torch.zeros_like(logits)

    for step in range(max_new_tokens):
        logits = logits.masked_fill(blocked, -torch.inf)
        if config.penalises:
            logits = penalise(logits, seen, counts, config)
        indices = torch.tensor([row.completion.index for row in active])
        tokens = choose(logits, draws.at(step, indices).to(device), config)
        ended = [row.add(token, token in stop_ids) for row, token in zip(active, tokens, strict=True)]
        if all(ended) or step + 1 == max_new_tokens:
            break
        if any(ended):
            keep = torch.tensor([place for place, end in enumerate(ended) if not end], device=device)
            active, tokens = [active[i] for i in keep.tolist()], [tokens[i] for i in keep.tolist()]
            cache.select(keep)
            if config.penalises:
                seen, counts = seen[keep], counts[keep]
        new = torch.tensor(tokens, device=device)[:, None]  # [B, 1]
        if config.penalises:
            seen.scatter_(1, new, True)
            counts.scatter_add_(1, new, torch.ones_like(new, dtype=counts.dtype))
        if cache.length == context:
            cache = decoder.new_cache(len(active), capacity)
            half = max(1, context // 2)
            new = torch.tensor([(start + row.completion.ids)[-half:] for row in active], device=device)
        logits = _next_logits(decoder, new, cache)
    return [row.cut() for row in rows]


def check_prompt(ids: Sequence[int], context: int) -> None:
    """Raises ZaohuaError for a prompt that the model cannot see whole."""
    if len(ids) > context:
        raise ZaohuaError(t("generate.prompt_too_long", tokens=len(ids), context=context))


def _blocked(tokenizer: Tokenizer, stop_ids: frozenset[int], vocab_size: int) -> Tensor:
    """Tokens that are no text, bool [V]: special ones that end nothing, and rows of a table padded to a round size."""
    blocked = torch.zeros(vocab_size, dtype=torch.bool)
    blocked[tokenizer.vocab_size :] = True
    blocked[list(set(tokenizer.special.values()) - stop_ids)] = True
    return blocked


def _next_logits(decoder: Decoder, ids: Tensor, cache) -> Tensor:
    """Logits after the last of `ids` [B, T] in fp32, [B, V]: the head is not run on the rest."""
    return decoder.lm_head(decoder.hidden(ids, cache)[:, -1]).float()
