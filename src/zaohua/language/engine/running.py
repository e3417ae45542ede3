"""A text while it is being written."""

from collections.abc import Sequence

import torch
from torch import Tensor

from zaohua.language.engine.constraints import Matcher
from zaohua.language.engine.draws import Draws
from zaohua.language.engine.given import Vectors
from zaohua.language.engine.handle import Handle
from zaohua.language.engine.lookup import Lookup
from zaohua.language.engine.request import Request, Token
from zaohua.language.engine.slots import Slot
from zaohua.language.engine.spans import Span, Spans
from zaohua.language.engine.text import Codes, Writer
from zaohua.language.tokenizer import Tokenizer


class Running:
    """State of one request: its slot, the tokens still to be read into it, and all that its next token depends on."""

    def __init__(
        self, handle: Handle, slot: Slot, tokenizer: Tokenizer, matcher: Matcher | None, prompt: Sequence[int]
    ) -> None:
        request = handle.request
        self.handle, self.slot, self.matcher = handle, slot, matcher
        self.ids = handle.completion.ids
        self.unread = list(prompt)  # the text the slot must hold before the next token is chosen
        self.reading, self.first = True, True
        self.vectors: Vectors | None = None  # in the place of some of its prompt's tokens
        self.writer: Codes | Writer
        self.writer = Codes(request.stop_ids) if request.spans else Writer(tokenizer, request.stop, request.stop_ids)
        self.draws = Draws(request.seed, request.index)
        self.lookup: Lookup | None = None
        if request.speculate:
            self.lookup = Lookup()
            self.lookup.extend(request.prompt)
        self.seen: Tensor | None = None  # bool [V], tokens of prompt and text
        self.counts: Tensor | None = None  # [V], times each was written
        self.spans = Spans(request.spans) if request.spans else None
        self.unguided: Running | None = None  # the same text, read without what guides it
        self.guided: Running | None = None  # the other way round
        self.ahead: Tensor | None = None  # [V], logits that wait for those of the other one

    @property
    def form(self) -> Span | frozenset[int]:
        """What its next token may be: one of a span, or text or an end."""
        return self.request.stop_ids if self.spans is None else self.spans.at(len(self.ids))

    @property
    def shareable(self) -> bool:
        """Whether what it reads is the beginning of a prompt, and that is told by its tokens alone."""
        return self.first and self.vectors is None

    @property
    def partner(self) -> "Running | None":
        """Who reads the same text beside it, if it is guided."""
        return self.unguided or self.guided

    @property
    def ready(self) -> bool:
        """Whether its next token can be written."""
        return not self.reading and (self.partner is None or not self.partner.reading)

    @property
    def request(self) -> Request:
        """What was asked."""
        return self.handle.request

    def penalties(self, vocab_size: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """seen and counts, [V] each; made when first asked for."""
        if self.seen is None or self.counts is None:
            self.seen = torch.zeros(vocab_size, dtype=torch.bool, device=device)
            self.seen[list(self.request.prompt)] = True
            self.counts = torch.zeros(vocab_size, device=device)
        return self.seen, self.counts

    def guesses(self, room: int) -> list[int]:
        """Tokens that may come after the last, at most `room`."""
        if self.lookup is None or self.matcher is not None:
            return []
        left = self.request.max_new_tokens - len(self.ids) - 1
        return self.lookup.guess(min(self.request.speculate, room, left))

    def slide(self, context: int) -> None:
        """The context is full: read its last half again as the new beginning."""
        self.unread = [*self.request.prompt, *self.ids][-max(1, context // 2) :]
        self.slot.length, self.reading, self.first = 0, True, False

    def add(self, token: int, logprob: float | None, top: tuple[tuple[int, float], ...]) -> None:
        """Take the next token and tell the listener; the handle is finished where the text ends."""
        if self.handle.cancelled:
            return
        self.ids.append(token)
        if self.lookup is not None:
            self.lookup.extend([token])
        if self.seen is not None and self.counts is not None:
            self.seen[token] = True
            self.counts[token] += 1
        text, ends = self.writer.add(token)
        if self.matcher is not None and not ends and self.matcher.take(token):
            text, ends = text + self.writer.rest(), True
        self.handle.tell(Token(token, text, logprob, top))
        if ends:
            self.handle.finish("stop")
        elif len(self.ids) >= self.request.max_new_tokens:
            if rest := self.writer.rest():
                self.handle.tell(Token(None, rest))
            self.handle.finish("length")
