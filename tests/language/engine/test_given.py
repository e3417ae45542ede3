"""Vectors in the place of tokens: read as the plain decoder reads them, whoever is beside, and never shared."""

import pytest
import torch

from zaohua.errors import ZaohuaError
from zaohua.language.engine.engine import Engine
from zaohua.language.engine.given import Vectors
from zaohua.language.engine.plain_decode import PlainDecoder
from zaohua.language.engine.request import Request
from zaohua.language.sampling import SamplingConfig

pytestmark = pytest.mark.usefixtures("way")

GREEDY = SamplingConfig(temperature=0)


@pytest.fixture(scope="module")
def decoder(make_decoder, tokenizer):
    return make_decoder(vocab_size=tokenizer.vocab_size, context=256)


def vectors_for(decoder, start: int, count: int, seed: int) -> Vectors:
    drawn = torch.randn(count, decoder.config.width, generator=torch.Generator().manual_seed(seed))
    return Vectors(start, drawn)


@torch.no_grad()
def by_the_definition(decoder, request: Request) -> list[int]:
    """The likeliest token again and again, everything read anew."""
    ids: list[int] = []
    assert request.vectors is not None
    first, last = request.vectors.start, request.vectors.start + len(request.vectors.vectors)
    for _ in range(request.max_new_tokens):
        tokens = torch.tensor([[*request.prompt, *ids]])
        embedded = decoder.embed_tokens(tokens)
        embedded[0, first:last] = request.vectors.vectors
        ids.append(int(decoder.lm_head(decoder.hidden(tokens, embedded=embedded))[0, -1].argmax()))
    return ids


def asked(decoder) -> list[Request]:
    """Vectors at the beginning, in the middle, over the borders of blocks, and up to the last token."""
    shapes = [(6, 1, 4), (150, 40, 60), (130, 0, 130), (64, 63, 1), (70, 65, 3)]
    return [
        Request(
            prompt=[5] * length,
            sampling=GREEDY,
            max_new_tokens=6,
            vectors=vectors_for(decoder, start, count, number),
        )
        for number, (length, start, count) in enumerate(shapes)
    ]


@pytest.mark.parametrize("plain", [False, True])
def test_they_are_read_as_the_decoder_reads_them(decoder, tokenizer, plain):
    engine = Engine(decoder, tokenizer, batch=8)
    if plain:
        engine.model = PlainDecoder(decoder)
    requests = asked(decoder)
    for request, made in zip(requests, engine.complete(requests), strict=True):
        assert made.ids == by_the_definition(decoder, request)


def test_the_same_tokens_with_other_vectors_are_another_prompt(decoder, tokenizer):
    engine = Engine(decoder, tokenizer)
    plain = Request(prompt=[5] * 150, sampling=GREEDY, max_new_tokens=8)
    alone = engine.complete([plain])[0].ids
    given = [
        Request(prompt=[5] * 150, sampling=GREEDY, max_new_tokens=8, vectors=vectors_for(decoder, 1, 140, seed))
        for seed in range(4)
    ]
    texts = [engine.complete([request])[0].ids for request in given]
    assert texts == [by_the_definition(decoder, request) for request in given]
    assert len({tuple(ids) for ids in (*texts, alone)}) > 1
    assert engine.complete([plain])[0].ids == alone


def test_such_a_text_does_not_slide_on(decoder, tokenizer):
    request = Request(prompt=[5] * 250, max_new_tokens=7, vectors=vectors_for(decoder, 1, 4, 0))
    with pytest.raises(ZaohuaError, match="257"):
        Engine(decoder, tokenizer).submit(request)
