"""The next token of several texts at once, each by its own settings."""

from collections import defaultdict
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from zaohua.errors import ZaohuaError
from zaohua.language.engine.running import Running
from zaohua.language.engine.spans import Span
from zaohua.language.sampling import SamplingConfig, choose, penalise
from zaohua.language.tokenizer import Tokenizer


class Chooser:
    """Chooses by rows; a row that cannot be chosen from is that text's failure alone."""

    def __init__(self, tokenizer: Tokenizer, vocab_size: int, device: torch.device) -> None:
        self.tokenizer, self.vocab_size, self.device = tokenizer, vocab_size, device
        self._blocked: dict[Span | frozenset[int], Tensor] = {}

    def take(self, texts: Sequence[Running], logits: Tensor) -> list[int | None]:
        """Choose a token for each text and add it there. logits: fp32 [N, V], changed in place. Returns the tokens,
        None for a text that failed."""
        told = [_logprobs(text, row) for text, row in zip(texts, logits, strict=True)]
        self._block(texts, logits)
        groups: dict[SamplingConfig, list[int]] = defaultdict(list)
        for place, text in enumerate(texts):
            try:
                self._restrict(text, logits[place])
                groups[text.request.sampling].append(place)
            except Exception as error:
                text.handle.fail(error)
        tokens: list[int | None] = [None] * len(texts)
        for config, places in groups.items():
            draws = torch.empty(0)
            if config.temperature > 0:
                numbers = [texts[place].draws.at(len(texts[place].ids)) for place in places]
                draws = torch.tensor(numbers, device=self.device)
            rows = logits if len(places) == len(texts) else logits[places]
            for place, chosen in zip(places, _choose(rows, draws, config), strict=True):
                text = texts[place]
                try:
                    if isinstance(chosen, ZaohuaError):
                        raise chosen
                    text.add(chosen, *told[place](chosen))
                    tokens[place] = chosen
                except Exception as error:
                    text.handle.fail(error)
        return tokens

    def _block(self, texts: Sequence[Running], logits: Tensor) -> None:
        """Make what is no text, or not of the span, impossible, all rows of one form at once. logits: [N, V], in
        place"""
        alike: dict[Span | frozenset[int], list[int]] = defaultdict(list)
        for place, text in enumerate(texts):
            alike[text.form].append(place)
        for form, places in alike.items():
            blocked = self.not_in(form) if isinstance(form, Span) else self.not_text(form)
            if len(places) == len(texts):
                logits.index_fill_(1, blocked, -torch.inf)
            else:
                logits[torch.tensor(places)[:, None], blocked] = -torch.inf

    def _restrict(self, text: Running, row: Tensor) -> None:
        """Make what its form forbids impossible, and what the settings penalise less likely. row: [V], in place"""
        if text.matcher is not None:
            row.masked_fill_(~text.matcher.allowed().to(self.device), -torch.inf)
        config = text.request.sampling
        if config.penalises:
            seen, counts = text.penalties(self.vocab_size, self.device)
            row.copy_(penalise(row[None], seen[None], counts[None], config)[0])

    def not_text(self, ends: frozenset[int]) -> Tensor:
        """Special tokens that end nothing, and rows of a table padded to a round size."""
        if ends not in self._blocked:
            padding = range(self.tokenizer.vocab_size, self.vocab_size)
            blocked = sorted({*self.tokenizer.special.values(), *padding} - ends)
            self._blocked[ends] = torch.tensor(blocked, dtype=torch.int64, device=self.device)
        return self._blocked[ends]

    def not_in(self, span: Span) -> Tensor:
        """All tokens but those of the span."""
        if span not in self._blocked:
            blocked = [token for token in range(self.vocab_size) if token not in span]
            self._blocked[span] = torch.tensor(blocked, dtype=torch.int64, device=self.device)
        return self._blocked[span]


def _choose(logits: Tensor, uniform: Tensor, config: SamplingConfig) -> list[int | ZaohuaError]:
    try:
        return list(choose(logits, uniform, config))
    except ZaohuaError as error:
        if len(logits) == 1:
            return [error]
        return [_choose(logits[i : i + 1], uniform[i : i + 1], config)[0] for i in range(len(logits))]


def _logprobs(text: Running, row: Tensor) -> Callable[[int], tuple[float | None, tuple[tuple[int, float], ...]]]:
    """A function from the chosen token to its log-probability and those of the likeliest, as the model has them."""
    if text.request.logprobs is None:
        return lambda _: (None, ())
    logs = row.log_softmax(-1)
    best = logs.topk(min(text.request.logprobs, len(logs)))
    top = tuple(zip(best.indices.tolist(), best.values.tolist(), strict=True))
    return lambda token: (logs[token].item(), top)
