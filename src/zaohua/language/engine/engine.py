"""The engine: one model writes many texts at once, and every one as if it were alone.

Texts join and leave between steps. A step reads one block of a waiting prompt, or more while more prompts wait than
texts are being written, then writes one token of every text that has been read, all in one pass over the weights.
Nothing a text is made of depends on the others: prompts are read in the same blocks whoever waits, products treat rows
one by one (see matrices.py and attending.py), and random numbers belong to the request.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import torch
from torch import Tensor

from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import t
from zaohua.language.decoder import Decoder
from zaohua.language.engine.attending import Piece
from zaohua.language.engine.choosing import Chooser
from zaohua.language.engine.constraints import Constraints
from zaohua.language.engine.given import given_in
from zaohua.language.engine.guiding import merged, pair
from zaohua.language.engine.handle import Handle
from zaohua.language.engine.layouts import laid_out
from zaohua.language.engine.prefix import PrefixStore
from zaohua.language.engine.reading import next_to_read
from zaohua.language.engine.request import Completion, Listener, Request, Token, check_range
from zaohua.language.engine.running import Running
from zaohua.language.engine.slots import BLOCK, Slot, SlotPool
from zaohua.language.tokenizer import Tokenizer
from zaohua.machine import available_memory

MOST_AT_ONCE, MOST_WAITING = 4096, 1_000_000
_SHARE_FOR_TEXTS, _SHARE_FOR_PREFIXES = 4, 16  # parts of the memory free at the start: a quarter, a sixteenth


class EngineBusy(ZaohuaError):
    """The queue is full: try again later."""


class _Full(Exception):
    """There is no memory for another text now."""


class Engine:
    """Serves requests on one decoder, from any thread.

    batch: texts written at a time; queue: requests that may wait for their turn; memory, prefix_memory: bytes for
    keys and values of running texts and of prompts' beginnings kept for others; take: the decoder's weights may be
    taken from it, which keeps them in memory once and leaves it unusable. Raises UsageError for a batch or queue out
    of range.

    Either someone who waits for a result drives it, step by step, or start() lets a thread of its own do so.
    """

    def __init__(
        self,
        decoder: Decoder,
        tokenizer: Tokenizer,
        *,
        batch: int = 16,
        queue: int = 64,
        memory: int | None = None,
        prefix_memory: int | None = None,
        take: bool = False,
    ) -> None:
        check_range("batch", batch, 1, MOST_AT_ONCE)
        check_range("queue", queue, 1, MOST_WAITING)
        self.config, self.tokenizer, self.batch, self.queue = decoder.config, tokenizer, batch, queue
        weight, free = decoder.embed_tokens.weight, available_memory()
        with torch.inference_mode():
            self.model = laid_out(decoder, take)
        self.pool = SlotPool(self.config, free // _SHARE_FOR_TEXTS if memory is None else memory, weight)
        self.prefixes = PrefixStore(free // _SHARE_FOR_PREFIXES if prefix_memory is None else prefix_memory)
        self.constraints = Constraints(tokenizer, self.config.vocab_size)
        self.chooser = Chooser(tokenizer, self.config.vocab_size, weight.device)
        self.waiting: deque[Handle] = deque()
        self.running: list[Running] = []
        self._door = threading.Lock()  # of the queue
        self._lock = threading.RLock()  # of everything else
        self._stepping = False
        self._news = threading.Event()  # something for the engine's own thread to do
        self._thread: threading.Thread | None = None
        self._stopping = False

    # ---- for those who ask

    def submit(self, request: Request, listener: Listener | None = None) -> Handle:
        """Queue a request. Raises EngineBusy when the queue is full, ZaohuaError for a prompt that does not fit."""
        check_prompt(request.prompt, self.config.context)
        if request.spans or request.guidance is not None or request.vectors is not None:  # these do not slide on
            longest = max(len(request.prompt), len(request.guidance.prompt) if request.guidance else 0)
            check_prompt(range(longest + request.max_new_tokens), self.config.context)
        if not request.prompt:
            raise UsageError(t("engine.empty_prompt"))
        if any(not 0 <= token < self.config.vocab_size for token in request.prompt):
            raise UsageError(t("engine.no_such_token", size=self.config.vocab_size))
        handle = Handle(self, request, listener)
        with self._door:
            if len(self.waiting) >= self.queue:
                raise EngineBusy(t("engine.queue_full", waiting=len(self.waiting)))
            self.waiting.append(handle)
        self._news.set()
        return handle

    def complete(
        self, requests: Iterable[Request], on_token: Callable[[int, Token], None] | None = None
    ) -> list[Completion]:
        """Serve these requests to the end and return their texts in order.

        on_token: called in this thread with a request's place and its next token. Whatever it raises, or a request's
        error, ends them all and is raised.
        """
        told: deque[tuple[int, Token]] = deque()
        news = threading.Event()

        def listener(place: int) -> Listener:
            def listen(token: Token | None) -> None:
                if token is not None and on_token is not None:
                    told.append((place, token))
                news.set()

            return listen

        handles: list[Handle] = []
        todo = deque(enumerate(requests))
        try:
            # A text's tokens are told before it is done: looked at in the other order, the last ones could be missed.
            while todo or not all(handle.done for handle in handles) or told:
                with suppress(EngineBusy):  # the others once there is room
                    while todo:
                        place, request = todo[0]
                        handles.append(self.submit(request, listener(place)))
                        todo.popleft()
                self.advance(news)
                news.clear()
                while told and on_token is not None:
                    on_token(*told.popleft())
                if failed := next((handle for handle in handles if handle.error is not None), None):
                    failed.result()
            return [handle.completion for handle in handles]
        finally:
            for handle in handles:
                handle.cancel()

    # ---- the work

    @torch.inference_mode()
    def step(self) -> bool:
        """Read a block or some, write a token for every text. False when there is nothing to do."""
        with self._lock:
            self._stepping = True
            try:
                self._drop_ended()
                self._admit()
                reading, writing = self._parted()
                if reading:
                    self._guarded(next_to_read(reading, len(writing)), self._read)
                _, writing = self._parted()
                if writing:
                    self._guarded(writing, self._write)
                self._drop_ended()
                return bool(self.running or self.waiting)
            finally:
                self._stepping = False

    def _parted(self) -> tuple[list[Running], list[Running]]:
        """Texts whose prompts are still to be read, those that can be written."""
        going = [text for text in self.running if not text.handle.done]
        return [text for text in going if text.reading], [text for text in going if text.ready]

    def _admit(self) -> None:
        """Let requests in, in order, while there are places and memory."""
        while self.waiting and len(self.running) < self.batch:
            handle = self.waiting[0]  # steps alone take from the queue, and one is made at a time
            try:
                begun: list[Running] | Exception | None = self._begin(handle)
            except Exception as error:
                begun = error
            if begun is None:
                return
            with self._door:
                self.waiting.popleft()
            if isinstance(begun, list):
                self.running += begun
            else:
                handle.fail(begun)

    def _begin(self, handle: Handle) -> list[Running] | None:
        """The text of a request in a slot of its own, twice if it is guided, or None while others fill the memory."""
        request, slots = handle.request, list[Slot]()
        prompts = [request.prompt] if request.guidance is None else [request.prompt, request.guidance.prompt]
        try:
            for prompt in prompts:
                slot = self.pool.take(len(prompt) + request.max_new_tokens, beside=len(slots))
                if slot is None:
                    raise _Full
                slots.append(slot)
            form = request.constraint
            matcher = None if form is None else self.constraints.matcher(form, request.stop_ids)
            texts = [
                Running(handle, slot, self.tokenizer, matcher, prompt)
                for slot, prompt in zip(slots, prompts, strict=True)
            ]
            texts[0].vectors = request.vectors
        except Exception as error:
            for slot in slots:
                self.pool.give_back(slot)
            if isinstance(error, _Full):
                return None
            raise
        pair(*texts)
        return texts

    def _guarded(self, texts: list[Running], work: Callable[[list[Running]], None]) -> None:
        try:
            work(texts)
        except Exception as error:
            for text in texts:
                text.handle.fail(error)

    def _read(self, texts: list[Running]) -> None:
        """A block of each of these texts; with the last, its next token."""
        ids: list[int] = []
        pieces: list[Piece] = []
        for text in texts:
            slot, unread = text.slot, text.unread
            if text.shareable and slot.length == 0:
                self.prefixes.fill(slot, unread)
            piece = Piece(slot, slot.length, min(BLOCK, len(unread) - slot.length))
            ids += unread[piece.start : piece.end]
            pieces.append(piece)
        hidden = self.model(ids, pieces, given_in(texts, pieces))
        done: list[Running] = []
        last: list[int] = []
        rows = 0
        for text, piece in zip(texts, pieces, strict=True):
            text.slot.length, rows = piece.end, rows + piece.time
            if piece.end == len(text.unread):
                if text.shareable:
                    self.prefixes.keep(text.slot, text.unread)
                text.reading, text.unread = False, []
                done.append(text)
                last.append(rows - 1)
        if done:
            self._choose(done, self.model.logits(hidden[last]))

    def _write(self, texts: list[Running]) -> None:
        """The next token of each text, and those after it that were guessed right."""
        context = self.config.context
        for text in texts:
            if text.slot.length == context:
                text.slide(context)
        texts = sorted((text for text in texts if not text.reading), key=lambda text: text.slot.place)  # see Attending
        guesses = [text.guesses(min(text.slot.capacity, context) - text.slot.length - 1) for text in texts]
        ids: list[int] = []
        pieces: list[Piece] = []
        rows: list[int] = []
        for text, guessed in zip(texts, guesses, strict=True):
            rows.append(len(ids))
            ids += [text.ids[-1], *guessed]
            pieces += [Piece(text.slot, text.slot.length + place) for place in range(1 + len(guessed))]
        if not ids:
            return
        logits = self.model.logits(self.model(ids, pieces))
        going = list(range(len(texts)))
        for depth in range(1 + max(map(len, guesses))):
            tokens = self._choose([texts[i] for i in going], _rows(logits, [rows[i] + depth for i in going]))
            for i in going:
                texts[i].slot.length += 1
            going = [
                i
                for i, token in zip(going, tokens, strict=True)
                if not texts[i].handle.done and depth < len(guesses[i]) and guesses[i][depth] == token
            ]
            if not going:
                return

    def _choose(self, texts: list[Running], logits: Tensor) -> list[int | None]:
        """The next token of each text, None for one that failed or is not the one of its pair that is written."""
        if all(text.partner is None for text in texts):
            return self.chooser.take(texts, logits)
        chosen, logits = merged(texts, logits)
        tokens = dict(zip(map(id, chosen), self.chooser.take(chosen, logits), strict=True)) if chosen else {}
        return [tokens.get(id(text)) for text in texts]

    # ---- leaving

    def reap(self) -> None:
        """Free what cancelled texts hold, unless a step is at work, which does so when it ends."""
        if self._lock.acquire(blocking=False):
            try:
                if not self._stepping:
                    self._drop_ended()
            finally:
                self._lock.release()

    def _drop_ended(self) -> None:
        for text in self.running:
            if text.handle.cancelled:
                text.handle.finish("cancelled")
            if text.handle.done:
                self.pool.give_back(text.slot)
        self.running = [text for text in self.running if not text.handle.done]
        with self._door:  # others may submit while this looks
            gone = [handle for handle in self.waiting if handle.cancelled]
            for handle in gone:
                self.waiting.remove(handle)
        for handle in gone:
            handle.finish("cancelled")

    # ---- who drives

    @property
    def serving(self) -> bool:
        """Whether a thread of the engine's own is at work."""
        return self._thread is not None and self._thread.is_alive()

    def advance(self, news: threading.Event) -> None:
        """One step, or a wait for news where the engine's own thread makes the steps."""
        if self.serving:
            news.wait(1.0)  # not for ever: that thread may be stopped meanwhile
        else:
            self.step()

    def start(self) -> "Engine":
        """Serve on a thread of the engine's own until stop()."""
        if not self.serving:
            self._stopping = False
            self._thread = threading.Thread(target=self._serve, name="zaohua-engine", daemon=True)
            self._thread.start()
        return self

    def stop(self) -> None:
        """End the thread and cancel whatever runs or waits."""
        thread, self._thread, self._stopping = self._thread, None, True
        self._news.set()
        if thread is not None:
            thread.join()
        with self._door:
            handles = [*(text.handle for text in self.running), *self.waiting]
        for handle in handles:
            handle.cancel()

    def __enter__(self) -> "Engine":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _serve(self) -> None:
        while not self._stopping:
            if not self.step():
                self._news.wait()
                self._news.clear()


def _rows(logits: Tensor, rows: Sequence[int]) -> Tensor:
    return logits if len(rows) == len(logits) else logits[rows]


def check_prompt(ids: Sequence[int], context: int) -> None:
    """Raises ZaohuaError for a prompt that the model cannot see whole."""
    if len(ids) > context:
        raise ZaohuaError(t("generate.prompt_too_long", tokens=len(ids), context=context))
