"""What is asked of the engine, and what comes of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from zaohua.errors import UsageError
from zaohua.i18n import t
from zaohua.language.engine.constraints import Constraint
from zaohua.language.engine.given import Vectors
from zaohua.language.engine.spans import Guidance, Span
from zaohua.language.sampling import SamplingConfig

MOST_TOKENS = 1_000_000  # of one text: beyond, memory or patience ends first
MOST_LOGPROBS = 100
MOST_GUESSES = 32


@dataclass(frozen=True, kw_only=True)
class Request:
    """One continuation of one prompt. Raises UsageError for a value out of range.

    prompt: token ids. seed, index: what its random draws depend on, besides the number of the token alone.
    stop: strings before which the text ends; stop_ids: tokens that end it. logprobs: None, or with every token its
    log-probability and that of so many of the likeliest ones. constraint: what form the text must have.
    speculate: so many tokens are guessed from what the text has already said and checked in one pass: faster where a
    text repeats itself, and never another text.
    spans: what may be written, span after span, instead of text; the text ends with the last. guidance: see Guidance.
    vectors: what stands in the place of some of the prompt's tokens.
    """

    prompt: Sequence[int]
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    max_new_tokens: int = 200
    seed: int = 0
    index: int = 0
    stop: Sequence[str] = ()
    stop_ids: frozenset[int] = frozenset()
    logprobs: int | None = None
    constraint: Constraint | None = None
    speculate: int = 0
    spans: Sequence[Span] = ()
    guidance: Guidance | None = None
    vectors: Vectors | None = None

    def __post_init__(self) -> None:
        if self.spans:
            object.__setattr__(self, "max_new_tokens", sum(span.count for span in self.spans))
        check_range("max_new_tokens", self.max_new_tokens, 1, MOST_TOKENS)
        check_range("logprobs", self.logprobs or 0, 0, MOST_LOGPROBS)
        check_range("speculate", self.speculate, 0, MOST_GUESSES)
        if any(not text for text in self.stop):
            raise UsageError(t("generate.empty_stop"))
        if self.guidance is not None and (self.speculate or not self.guidance.prompt):
            raise UsageError(t("engine.not_guided"))


def check_range(name: str, value: int, least: int, most: int) -> None:
    """Raises UsageError for an option outside least … most."""
    if not least <= value <= most:
        expected = t("engine.expected_range", least=least, most=most)
        raise UsageError(t("generate.bad_option", name=name, value=value, expected=expected))


@dataclass(frozen=True)
class Token:
    """One token of a text as it is streamed.

    id: None for an end of the text that was held back because it might have become a stop string. text: the whole
    characters that are now certain, often none. logprob: ln p(token | what came before) by the model itself, before
    temperature and filters; top: the likeliest tokens and theirs. Both only where they were asked for.
    """

    id: int | None
    text: str
    logprob: float | None = None
    top: tuple[tuple[int, float], ...] = ()


@dataclass
class Completion:
    """One continuation. text holds whole characters only and no stop string; ids include a token that ended it.

    finish_reason: "stop" (it came to an end), "length" (its budget was spent) or "cancelled".
    logprobs: one per id, where they were asked for.
    """

    index: int
    ids: list[int] = field(default_factory=list)
    text: str = ""
    finish_reason: Literal["stop", "length", "cancelled"] = "length"
    logprobs: list[Token] = field(default_factory=list)


Listener = Callable[[Token | None], None]
"""Called on the engine's thread with every token, and with None after the last."""
