"""Guessing ahead: never another text, and fewer passes where text repeats."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from zaohua.language.engine.engine import Engine
from zaohua.language.engine.lookup import LONGEST, SHORTEST, Lookup
from zaohua.language.engine.request import Request
from zaohua.language.sampling import SamplingConfig

pytestmark = pytest.mark.usefixtures("way")


@given(st.lists(st.integers(0, 3), max_size=60), st.integers(0, 8), st.lists(st.integers(1, 9), max_size=8))
def test_a_guess_is_what_followed_the_longest_last_repetition(ids, most, cuts):
    lookup, rest = Lookup(), ids
    for cut in cuts:
        lookup.extend(rest[:cut])
        rest = rest[cut:]
    lookup.extend(rest)
    expected: list[int] = []
    for size in range(min(LONGEST, len(ids)), SHORTEST - 1, -1):
        ends = [end for end in range(size, len(ids)) if ids[end - size : end] == ids[len(ids) - size :]]
        if ends:
            expected = ids[ends[-1] :][:most]
            break
    assert lookup.guess(most) == expected


@settings(max_examples=12)
@given(
    seed=st.integers(0, 100),
    temperature=st.sampled_from([0.0, 0.1, 0.4]),
    speculate=st.integers(1, 12),
    penalty=st.sampled_from([0.0, 0.2]),
    prompt=st.lists(st.integers(20, 24), min_size=1, max_size=70),
)
def test_the_text_is_the_same_with_and_without(seed, temperature, speculate, penalty, prompt, make_decoder, tokenizer):
    """Past the context, with draws, penalties, log-probabilities and a stop token met in the middle of a guess."""
    engine = Engine(make_decoder(seed=seed % 3, context=80), tokenizer)
    options = {
        "prompt": prompt,
        "sampling": SamplingConfig(temperature=temperature, presence_penalty=penalty),
        "max_new_tokens": 100,
        "seed": seed,
        "stop_ids": frozenset({seed + 150}),
        "logprobs": 1,
    }
    [plain], [ahead] = (engine.complete([Request(**options, speculate=k)]) for k in (0, speculate))
    assert ahead == plain


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_text_that_repeats_itself_takes_fewer_passes(temperature, make_decoder, tokenizer):
    decoder = make_decoder(context=200)
    with torch.no_grad():  # every token is followed by the next, round and round
        decoder.embed_tokens.weight.zero_()
        decoder.embed_tokens.weight[10:20, :10] = 50 * torch.eye(10)
        decoder.lm_head.weight.zero_()
        decoder.lm_head.weight[10:20, :10] = 50 * torch.eye(10).roll(1, 0)
        for layer in decoder.transformer.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
    engine, passes = Engine(decoder, tokenizer), []
    for speculate in (0, 5):
        request = Request(
            prompt=[10, 11, 12],
            sampling=SamplingConfig(temperature=temperature),
            max_new_tokens=100,
            speculate=speculate,
        )
        handle, count = engine.submit(request), 0
        while not handle.done:
            engine.step()
            count += 1
        assert handle.result().ids == [(13 + i) % 10 + 10 for i in range(100)]
        passes.append(count)
    assert passes[0] >= 99
    assert passes[1] <= 30
