"""n continuations of one prompt by the engine."""

from collections.abc import Callable, Sequence
from typing import Any

from zaohua.language.decoder import Decoder
from zaohua.language.engine.engine import Engine, check_prompt
from zaohua.language.engine.request import MOST_TOKENS, Completion, Request, Token, check_range
from zaohua.language.sampling import SamplingConfig
from zaohua.language.tokenizer import Tokenizer

__all__ = ["MOST_TEXTS", "MOST_TOKENS", "Completion", "Stream", "check_prompt", "complete"]

MOST_TEXTS = 4096  # of one prompt

Stream = Callable[[str, int], None]
"""Called with each new piece of text, in whole characters, and the index of the continuation it belongs to."""


def complete(
    decoder: Decoder,
    tokenizer: Tokenizer,
    prompt: Sequence[int],
    config: SamplingConfig,
    *,
    n: int = 1,
    stream: Stream | None = None,
    engine: Engine | None = None,
    **options: Any,
) -> list[Completion]:
    """Continue `prompt` (token ids; empty: what opens a text) n times.

    When the context is full, the window slides: the last half of it is read again as the new beginning, so
    positions restart there and what came before is forgotten. Continuation i depends on (seed, i), not on n.
    options: those of Request. engine: the decoder's own, where there is one already.
    Raises UsageError for an option out of range, ZaohuaError for a prompt longer than the context.
    """
    check_range("n", n, 1, MOST_TEXTS)
    start = list(prompt) or tokenizer.opening
    requests = [Request(prompt=start, sampling=config, index=index, **options) for index in range(n)]

    def show(index: int, token: Token) -> None:
        if token.text and stream is not None:
            stream(token.text, index)

    return (engine or Engine(decoder, tokenizer)).complete(requests, show)
