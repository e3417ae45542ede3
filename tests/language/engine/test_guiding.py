"""Spans of allowed tokens and classifier-free guidance: beside a plain loop over the decoder, and beside text."""

import pytest
import torch

from zaohua.errors import UsageError, ZaohuaError
from zaohua.language.engine.engine import Engine
from zaohua.language.engine.request import Request
from zaohua.language.engine.slots import SlotPool
from zaohua.language.engine.spans import Guidance, Span
from zaohua.language.sampling import SamplingConfig

pytestmark = pytest.mark.usefixtures("way")

GREEDY = SamplingConfig(temperature=0)


@pytest.fixture(scope="module")
def decoder(make_decoder, tokenizer):
    return make_decoder(vocab_size=tokenizer.vocab_size + 40)


@torch.no_grad()
def by_the_definition(decoder, prompt, other, scale, span) -> list[int]:
    """without + scale (with - without), the best code of the span, token by token, everything read anew."""
    ids: list[int] = []
    for _ in range(span.count):
        guided, plain = (decoder(torch.tensor([[*start, *ids]]))[0, -1] for start in (prompt, other))
        logits = plain + scale * (guided - plain)
        ids.append(span.first + int(logits[span.first : span.end].argmax()))
    return ids


def test_a_guided_text_is_written_as_the_formula_says(decoder, tokenizer):
    engine = Engine(decoder, tokenizer, batch=8)
    span = Span(tokenizer.vocab_size + 2, tokenizer.vocab_size + 30, 12)
    for scale in (0.0, 1.7, 4.0):
        asked = [
            Request(prompt=prompt, sampling=GREEDY, spans=(span,), guidance=Guidance(other, scale))
            for prompt, other in (([5, 9, 30], [7]), ([8] * 20, [3, 4]))
        ]
        for request, made in zip(asked, engine.complete(asked), strict=True):
            assert request.guidance is not None
            expected = by_the_definition(decoder, list(request.prompt), list(request.guidance.prompt), scale, span)
            assert made.ids == expected
            assert made.text == ""


def test_prompts_longer_than_a_block_are_guided_too(decoder, tokenizer, make_decoder):
    long = make_decoder(vocab_size=tokenizer.vocab_size + 40, context=256)
    span = Span(tokenizer.vocab_size, tokenizer.vocab_size + 9, 5)
    prompt, other = list(range(5, 205)), [6]
    request = Request(prompt=prompt, sampling=GREEDY, spans=(span,), guidance=Guidance(other, 2.0))
    [made] = Engine(long, tokenizer).complete([request])
    assert made.ids == by_the_definition(long, prompt, other, 2.0, span)


def test_guidance_of_one_is_none(decoder, tokenizer):
    engine = Engine(decoder, tokenizer)
    span = Span(tokenizer.vocab_size, tokenizer.vocab_size + 40, 20)
    plain = [Request(prompt=[5, 6], spans=(span,), seed=3, index=i) for i in range(3)]
    guided = [Request(prompt=[5, 6], spans=(span,), seed=3, index=i, guidance=Guidance([9], 1.0)) for i in range(3)]
    assert [made.ids for made in engine.complete(plain)] == [made.ids for made in engine.complete(guided)]


def test_texts_beside_codes_stay_as_they_are_bit_for_bit(decoder, tokenizer):
    texts = [Request(prompt=[5 + i, 9], max_new_tokens=20, seed=i, logprobs=1) for i in range(3)]
    alone = Engine(decoder, tokenizer).complete(texts)
    span = Span(tokenizer.vocab_size, tokenizer.vocab_size + 40, 16)
    codes = [Request(prompt=[4, 8], spans=(span,), seed=i, guidance=Guidance([7], 3.0)) for i in range(3)]
    mixed = Engine(decoder, tokenizer).complete([codes[0], texts[0], codes[1], texts[1], texts[2], codes[2]])
    assert [mixed[place] for place in (1, 3, 4)] == alone
    assert all(token < tokenizer.vocab_size for made in alone for token in made.ids), "codes are no text"
    among_others = Engine(decoder, tokenizer).complete(codes)
    assert [mixed[place].ids for place in (0, 2, 5)] == [made.ids for made in among_others]


def test_spans_follow_one_another_and_may_end_early(decoder, tokenizer):
    V = tokenizer.vocab_size  # noqa: N806
    engine = Engine(decoder, tokenizer)
    spans = (Span(V, V + 4, 3), Span(V + 4, V + 5, 1), Span(V + 10, V + 40, 6))
    for seed in range(5):
        [made] = engine.complete([Request(prompt=[5], spans=spans, seed=seed)])
        assert len(made.ids) == 10
        expected = [spans[0]] * 3 + [spans[1]] + [spans[2]] * 6
        assert all(token in span for token, span in zip(made.ids, expected, strict=True))
    closing = V + 39
    early = Request(prompt=[5], spans=(Span(V, V + 1, 30, closing),), stop_ids=frozenset({closing}), seed=1)
    [made] = engine.complete([early])
    assert made.ids.count(closing) == (made.finish_reason == "stop")
    assert set(made.ids) <= {V, closing}


def test_what_cannot_be_is_refused(decoder, tokenizer):
    with pytest.raises(UsageError, match="guid"):
        Request(prompt=[1], guidance=Guidance([], 2.0))
    with pytest.raises(UsageError, match="guid"):
        Request(prompt=[1], guidance=Guidance([2], 2.0), speculate=4)
    engine = Engine(decoder, tokenizer)
    too_long = Request(prompt=[5] * 60, spans=(Span(3, 9, 40),))
    with pytest.raises(ZaohuaError, match="reads at most"):
        engine.submit(too_long)


def test_two_readings_need_no_more_memory_than_there_is(decoder, tokenizer):
    engine = Engine(decoder, tokenizer, memory=1)  # room for one text at a time, if that
    span = Span(tokenizer.vocab_size, tokenizer.vocab_size + 40, 4)
    asked = [Request(prompt=[5], spans=(span,), seed=i, guidance=Guidance([7], 2.0)) for i in range(3)]
    made = engine.complete(asked)
    assert [len(one.ids) for one in made] == [4, 4, 4]
    assert engine.pool.used == 0
    pool = SlotPool(decoder.config, 1, decoder.embed_tokens.weight)
    assert pool.take(8) is not None
    assert pool.take(8) is None
    assert pool.take(8, beside=1) is not None
