"""The engine's promises: each text as if alone, in whatever company; nothing leaks; one failure is one text's."""

import asyncio
import threading

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from zaohua.errors import UsageError, ZaohuaError
from zaohua.language.engine.constraints import Constraint
from zaohua.language.engine.engine import Engine, EngineBusy
from zaohua.language.engine.handle import Handle
from zaohua.language.engine.request import Request
from zaohua.language.sampling import SamplingConfig

pytestmark = pytest.mark.usefixtures("way")

PROMPTS = (
    "Once upon a time there was a hill, ",
    "山",
    "从前有一座山，山上有一座庙。" * 3,
    "Once upon a time there was a hill, and on it",
)
SAMPLINGS = (
    SamplingConfig(temperature=0),
    SamplingConfig(temperature=1.3),
    SamplingConfig(temperature=0.9, top_k=20, top_p=0.9),
    SamplingConfig(temperature=1.0, min_p=0.02, repetition_penalty=1.2, frequency_penalty=0.3),
)


@pytest.fixture(scope="module")
def decoder(make_decoder):
    return make_decoder(context=160)


@pytest.fixture
def engine(decoder, tokenizer) -> Engine:
    return Engine(decoder, tokenizer)


def requests(tokenizer) -> list[Request]:
    """Sixteen requests that differ in everything; some slide past the context."""
    return [
        Request(
            prompt=tokenizer.encode(prompt),
            sampling=sampling,
            max_new_tokens=9 + 20 * (place % 3) + 100 * (place % 4 == 1),
            seed=place,
            index=place,
            stop=("e",) if place % 4 == 0 else (),
            stop_ids=frozenset({tokenizer.eot_id, *range(60, 62)}) if place % 2 else frozenset({tokenizer.eot_id}),
            logprobs=2 if place % 3 == 0 else None,
            speculate=4 if place % 5 == 0 else 0,
        )
        for place, (prompt, sampling) in enumerate((p, s) for p in PROMPTS for s in SAMPLINGS)
    ]


@pytest.fixture(scope="module")
def alone(decoder, tokenizer, way):
    """Every request by an engine of its own."""
    return [Engine(decoder, tokenizer).complete([request])[0] for request in requests(tokenizer)]


@settings(max_examples=8)
@given(
    order=st.permutations(range(16)),
    gaps=st.lists(st.integers(0, 6), min_size=16, max_size=16),
    batch=st.integers(1, 9),
)
def test_texts_are_the_same_in_any_company(order, gaps, batch, decoder, tokenizer, alone):
    """Requests arrive in any order with any number of steps between them, and wait for few places."""
    engine, asked, handles = Engine(decoder, tokenizer, batch=batch), requests(tokenizer), {}
    for place, gap in zip(order, gaps, strict=True):
        handles[place] = engine.submit(asked[place])
        for _ in range(gap):
            engine.step()
    for place, handle in handles.items():
        assert handle.result() == alone[place]
    assert (engine.pool.used, engine.running, len(engine.waiting)) == (0, [], 0)


@given(cut=st.integers(0, 30), victim=st.integers(0, 15))
@settings(max_examples=6)
def test_cancelling_one_leaves_the_others(cut, victim, decoder, tokenizer, alone):
    engine = Engine(decoder, tokenizer, batch=6)
    handles = [engine.submit(request) for request in requests(tokenizer)]
    for _ in range(cut):
        engine.step()
    ended, used = handles[victim].done, engine.pool.used
    running = any(text.handle is handles[victim] for text in engine.running)
    handles[victim].cancel()
    assert engine.pool.used == used - (running and not ended)  # at once
    written = len(handles[victim].completion.ids)
    for place, handle in enumerate(handles):
        assert handle.result() == alone[place] or place == victim
    if not ended:
        assert handles[victim].completion.finish_reason == "cancelled"
        assert handles[victim].completion.ids == alone[victim].ids[:written]
    assert engine.pool.used == 0


def test_streaming_gives_the_tokens_of_the_result(engine, tokenizer, alone):
    for place, request in enumerate(requests(tokenizer)[:4]):
        tokens = list(engine.submit(request))
        assert "".join(token.text for token in tokens) == alone[place].text
        assert [token.id for token in tokens if token.id is not None] == alone[place].ids


def test_a_full_queue_refuses_and_takes_again_later(decoder, tokenizer):
    engine, [first, *_] = Engine(decoder, tokenizer, queue=3), requests(tokenizer)
    handles = [engine.submit(first) for _ in range(3)]
    with pytest.raises(EngineBusy, match="3 requests"):
        engine.submit(first)
    engine.step()
    handles.append(engine.submit(first))
    assert len({handle.result().text for handle in handles}) == 1


def test_a_bad_constraint_is_its_requests_own_affair(engine, tokenizer, alone):
    asked = requests(tokenizer)
    good = engine.submit(asked[0])
    bad = engine.submit(Request(prompt=[1], constraint=Constraint("json_schema", '{"type": "nonsense"}')))
    other = engine.submit(asked[1])
    assert (good.result(), other.result()) == (alone[0], alone[1])
    with pytest.raises(UsageError, match="json_schema"):
        bad.result()
    with pytest.raises(UsageError):
        list(bad)
    assert engine.pool.used == 0


def test_a_listener_that_raises_ends_its_text_alone(engine, tokenizer, alone):
    asked = requests(tokenizer)

    def broken(token) -> None:
        raise BrokenPipeError

    bad, good = engine.submit(asked[5], broken), engine.submit(asked[1])
    assert good.result() == alone[1]
    with pytest.raises(BrokenPipeError):
        bad.result()
    assert engine.pool.used == 0


def test_a_model_that_breaks_fails_what_runs_and_the_engine_goes_on(engine, tokenizer, alone):
    asked, model = requests(tokenizer), engine.model
    for request in asked:
        engine.submit(request)
    for _ in range(6):
        engine.step()
    handles = [text.handle for text in engine.running]
    assert len(handles) > 3

    class Broken:
        def __call__(self, *_):
            raise MemoryError

        logits = __call__

    engine.model = Broken()
    while engine.step():
        pass
    engine.model = model
    later = engine.submit(asked[3])
    assert later.result() == alone[3]
    for handle in handles:
        with pytest.raises(MemoryError):
            handle.result()
    assert engine.pool.used == 0


def test_values_that_are_no_numbers_fail_their_text_alone(make_decoder, tokenizer):
    """A token whose embedding is NaN is fed by one prompt only."""
    decoder = make_decoder(context=160)
    with torch.no_grad():
        decoder.embed_tokens.weight[7] = torch.nan
    engine = Engine(decoder, tokenizer)
    good = engine.submit(Request(prompt=[1, 2], sampling=SAMPLINGS[0], max_new_tokens=5))
    bad = engine.submit(Request(prompt=[1, 7], sampling=SAMPLINGS[0], max_new_tokens=5))
    assert len(good.result().ids) == 5
    with pytest.raises(ZaohuaError, match="not a number"):
        bad.result()


def test_with_a_thread_of_its_own(decoder, tokenizer, alone):
    """Submitted from several threads at once, read by iteration, by result() and by asyncio."""
    asked, found = requests(tokenizer), {}
    with Engine(decoder, tokenizer, batch=5) as engine:

        def ask(place: int) -> None:
            handle = engine.submit(asked[place])
            found[place] = handle.result().text if place % 2 else "".join(token.text for token in handle)

        async def stream(place: int) -> str:
            loop, events = asyncio.get_running_loop(), asyncio.Queue()
            engine.submit(asked[place], lambda token: loop.call_soon_threadsafe(events.put_nowait, token))
            text = ""
            while (token := await events.get()) is not None:
                text += token.text
            return text

        threads = [threading.Thread(target=ask, args=(place,)) for place in range(12)]
        for thread in threads:
            thread.start()
        found[12] = asyncio.run(stream(12))
        found[13] = engine.complete([asked[13]])[0].text
        for thread in threads:
            thread.join()
        handle = engine.submit(asked[14])
    assert dict(sorted(found.items())) == {place: alone[place].text for place in range(14)}
    assert handle.done
    assert not engine.serving
    assert engine.pool.used == 0


def test_little_memory_makes_texts_wait_not_fail(decoder, tokenizer, alone):
    one_slot = 2 * 64 * 3 * decoder.config.kv_bytes_per_token()
    engine = Engine(decoder, tokenizer, memory=one_slot, prefix_memory=0)
    handles, most = [engine.submit(request) for request in requests(tokenizer)], 0
    while engine.step():
        most = max(most, len(engine.running))
    assert 1 <= most <= 3
    assert [handle.completion for handle in handles] == alone
    assert engine.pool.held <= one_slot


def test_memory_that_is_not_to_be_had_fails_its_text_alone(engine, tokenizer, alone, monkeypatch):
    asked, take = requests(tokenizer), engine.pool.take

    def short_of_memory(positions: int, beside: int = 0):
        if positions > 9000:
            raise RuntimeError("can't allocate memory")
        return take(positions, beside)

    monkeypatch.setattr(engine.pool, "take", short_of_memory)
    bad, good = engine.submit(Request(prompt=[1], max_new_tokens=9999)), engine.submit(asked[1])
    assert good.result() == alone[1]
    with pytest.raises(RuntimeError, match="memory"):
        bad.result()
    assert engine.pool.used == 0


def test_requests_may_come_while_the_queue_is_looked_through(engine):
    request, others = Request(prompt=[1], max_new_tokens=1), []

    class Watched(Handle):
        """Another thread submits as soon as anyone looks at this one, and has time to do so."""

        @property
        def cancelled(self) -> bool:
            if not others:
                others.append(threading.Thread(target=engine.submit, args=(request,)))
                others[0].start()
                others[0].join(0.05)
            return False

        @cancelled.setter
        def cancelled(self, value: bool) -> None:
            pass

    handle = engine.submit(request)
    handle.__class__ = Watched
    while engine.step() or others[0].is_alive():
        pass
    assert len(handle.completion.ids) == 1
    assert (engine.pool.used, len(engine.waiting)) == (0, 0)


def test_complete_waits_where_others_fill_the_queue(decoder, tokenizer, alone):
    """They may do so between a look at the queue and the next request."""
    engine, asked = Engine(decoder, tokenizer, queue=2), requests(tokenizer)
    submit, busy = engine.submit, iter([True, False, True])

    def sometimes(*arguments):
        if next(busy, False):
            raise EngineBusy
        return submit(*arguments)

    engine.submit = sometimes
    assert engine.complete(asked[:4]) == alone[:4]


def test_no_token_is_lost_between_two_looks(engine, tokenizer, alone, monkeypatch):
    """All is written, as another thread might, just when complete() looks whether it is."""
    ended, shown = Handle.done.fget, []

    def done(handle: Handle) -> bool:
        while not engine._stepping and engine.step():
            pass
        return ended(handle)

    monkeypatch.setattr(Handle, "done", property(done))
    monkeypatch.setattr(engine, "advance", lambda news: None)
    assert engine.complete([requests(tokenizer)[1]], lambda place, token: shown.append(token.text)) == alone[1:2]
    assert "".join(shown) == alone[1].text


@pytest.mark.parametrize("wrong", [{"batch": 0}, {"queue": 0}, {"batch": 10**6}], ids=str)
def test_places_that_cannot_be_had(wrong, decoder, tokenizer):
    with pytest.raises(UsageError, match="must be from 1 to"):
        Engine(decoder, tokenizer, **wrong)


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"max_new_tokens": 0}, "max_new_tokens = 0 must be from 1"),
        ({"max_new_tokens": 10**12}, "max_new_tokens"),
        ({"stop": ("",)}, "stop string"),
        ({"logprobs": -1}, "logprobs"),
        ({"logprobs": 10**6}, "logprobs"),
        ({"speculate": 1000}, "speculate"),
        ({"prompt": []}, "at least one token"),
        ({"prompt": [10**6]}, "token that this model does not have"),
        ({"prompt": [-1]}, "token that this model does not have"),
        ({"prompt": [1] * 161}, "161 tokens.*at most 160"),
    ],
    ids=str,
)
def test_what_cannot_be_served_is_refused_in_one_line(wrong, complaint, engine):
    with pytest.raises(ZaohuaError, match=complaint) as caught:
        engine.submit(Request(**{"prompt": [1]} | wrong))
    assert "\n" not in str(caught.value)
    assert not engine.step()
