"""What submit() gives back: the text as it comes, its end, and a way to call it off."""

import threading
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Literal

from zaohua.language.engine.request import Completion, Listener, Request, Token

if TYPE_CHECKING:
    from zaohua.language.engine.engine import Engine


class Handle:
    """One submitted request. May be used from any thread.

    listener: called on the thread that drives the engine with every token and with None at the end; without one,
    iterate over the handle. For asyncio, a listener that calls loop.call_soon_threadsafe.
    """

    def __init__(self, engine: "Engine", request: Request, listener: Listener | None = None) -> None:
        self.request, self.completion = request, Completion(request.index)
        self.error: BaseException | None = None
        self.cancelled = False
        self._engine = engine
        self._events: SimpleQueue[Token | None] = SimpleQueue()
        self._listener: Listener = listener or self._events.put
        self._done = threading.Event()

    @property
    def done(self) -> bool:
        """Whether the text has ended, one way or another."""
        return self._done.is_set()

    def cancel(self) -> None:
        """End it now: no further token is told, and its memory is free before the next is computed."""
        self.cancelled = True
        self._engine.reap()

    def __iter__(self) -> Iterator[Token]:
        """Tokens as they come; raises the request's error at its end if it failed."""
        while (token := self._next()) is not None:
            yield token
        if self.error is not None:
            raise self.error

    def result(self) -> Completion:
        """The whole text, once it has ended; raises the request's error if it failed."""
        while not self.done:
            self._engine.advance(self._done)
        if self.error is not None:
            raise self.error
        return self.completion

    def _next(self) -> Token | None:
        while True:
            serving = self._engine.serving
            try:
                return self._events.get(serving, timeout=1.0 if serving else None)
            except Empty:
                if self.done and self._events.empty():
                    return None
                if not serving:
                    self._engine.step()

    # ---- the engine's side

    def tell(self, token: Token) -> None:
        """One more token of the text."""
        self.completion.text += token.text
        if token.logprob is not None:
            self.completion.logprobs.append(token)
        self._listener(token)

    def finish(self, reason: Literal["stop", "length", "cancelled"]) -> None:
        """The text has ended."""
        if not self.done:
            self.completion.finish_reason = reason
            self._end()

    def fail(self, error: BaseException) -> None:
        """The request alone has failed."""
        if not self.done:
            self.error = error
            self._end()

    def _end(self) -> None:
        self._done.set()
        try:
            self._listener(None)
        except Exception as error:
            self.error = self.error or error
