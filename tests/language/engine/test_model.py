"""LanguageModel and its engine: made once, made anew when weights change, and equal to the plain modules."""

import threading

import pytest
import torch
from torch import nn

from zaohua.errors import UsageError
from zaohua.language.engine.fast_decode import FastDecoder
from zaohua.language.engine.plain_decode import PlainDecoder
from zaohua.language.model import LanguageModel

GREEDY = {"temperature": 0.0, "max_new_tokens": 40}


@pytest.fixture
def model(make_decoder, tokenizer) -> LanguageModel:
    return LanguageModel(make_decoder(), tokenizer)


def test_the_engine_is_kept_until_weights_change(model, make_decoder):
    before, engine = model.generate("Once", **GREEDY), model.engine
    assert model.engine is engine
    with torch.no_grad():
        model.decoder.transformer.layers[0].mlp.up_proj.weight += 1
    after = model.generate("Once", **GREEDY)
    assert model.engine is not engine
    assert after != before
    model.decoder.load_state_dict(make_decoder().state_dict())
    assert model.generate("Once", **GREEDY) == before


class Same(nn.Module):
    """A part that the fast decoder does not know and that changes nothing."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x)


def test_the_plain_path_writes_the_same(model):
    """Past the context of 64, several texts at once, with draws."""
    options = {"n": 3, "max_new_tokens": 100, "temperature": 0.9, "seed": 3}
    assert isinstance(model.engine.model, FastDecoder)
    fast, beams = model.generate("Once", **options), model.generate("Once", beams=3, n=2, max_new_tokens=20)
    model.decoder.transformer.layers[1].mlp = Same(model.decoder.transformer.layers[1].mlp)
    assert isinstance(model.engine.model, PlainDecoder)
    assert model.generate("Once", **options) == fast
    assert model.generate("Once", beams=3, n=2, max_new_tokens=20) == beams


def test_several_threads_may_ask_one_model(model):
    expected = {seed: model.generate("Once", seed=seed, n=2, max_new_tokens=30) for seed in range(6)}
    found = {}

    def ask(seed: int) -> None:
        found[seed] = model.generate("Once", seed=seed, n=2, max_new_tokens=30)

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == expected
    assert model.engine.pool.used == 0


def test_a_stream_that_breaks_off_leaves_nothing_behind(model):
    def stream(piece: str, index: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.generate("Once", n=20, max_new_tokens=60, stream=stream)
    assert (model.engine.pool.used, model.engine.running, len(model.engine.waiting)) == (0, [], 0)


def test_more_texts_than_the_queue_holds(model):
    texts = model.generate("Once", n=150, max_new_tokens=2, temperature=2.0)
    assert [text.index for text in texts] == list(range(150))
    assert texts[:3] == model.generate("Once", n=3, max_new_tokens=2, temperature=2.0)


def test_weights_of_one_byte(folder):
    full, rounded = LanguageModel.load(folder), LanguageModel.load(folder, weights="int8")
    text = "Once upon a time there was a hill. " * 5
    delta = rounded.score(text)["bits_per_byte"] - full.score(text)["bits_per_byte"]
    assert 0 < abs(delta) < 0.02
    assert rounded.generate("Once", **GREEDY)[0].tokens > 0
    with pytest.raises(UsageError, match="not saved"):
        rounded.save(folder.parent / "other")
    assert not (folder.parent / "other").exists()
    with pytest.raises(UsageError, match="full, int8"):
        LanguageModel.load(folder, weights="int3")
