"""What a request may write besides text, and what guides it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True)
class Span:
    """`count` tokens in a row, each from `first` up to but without `end`: codes of a picture, say. closing: a token
    that may stand there too, and which a request names among its stop_ids to end before that."""

    first: int
    end: int
    count: int
    closing: int | None = None

    def __contains__(self, token: int) -> bool:
        return self.first <= token < self.end or token == self.closing


class Spans:
    """Which span each token of a text belongs to."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self.spans = spans
        self.ends = list(accumulate(span.count for span in spans))
        self.now = 0

    def at(self, number: int) -> Span:
        """The span of a text's token of this number; numbers only grow."""
        while number >= self.ends[self.now]:
            self.now += 1
        return self.spans[self.now]


@dataclass(frozen=True)
class Guidance:
    """Classifier-free guidance (Ho & Salimans 2022, arXiv:2207.12598): the text is read twice, once after a prompt
    without what guides it, and written by

        logits = without + scale · (with − without)

    scale: 1 is as if there were no guidance, more obeys more and varies less. prompt: token ids, never none.
    """

    prompt: Sequence[int]
    scale: float
