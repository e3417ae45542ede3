"""LanguageModel and its engine: made once, made anew when weights change, and equal to the plain modules."""

import threading

import pytest
import torch
from torch import nn

from zaohua.errors import UsageError
from zaohua.language.engine.plain_decode import PlainDecoder
from zaohua.language.model import LanguageModel
from zaohua.nn.int8 import Int8Linear, to_int8

pytestmark = pytest.mark.usefixtures("way")

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
    assert not isinstance(model.engine.model, PlainDecoder)
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


@pytest.mark.parametrize("weights", ["full", "int8"])
def test_weights_handed_over_are_held_once(folder, weights):
    whole, handed = (LanguageModel.load(folder, weights=weights) for _ in range(2))
    handed.only_write()
    kept = handed.decoder.embed_tokens.weight.numel()
    matrices = [part.weight for part in handed.decoder.modules() if isinstance(part, nn.Linear | Int8Linear)]
    assert sum(weight.numel() for weight in matrices) == 0 < kept
    assert handed.generate("Once", **GREEDY) == whole.generate("Once", **GREEDY)
    assert handed.engine is handed.engine
    for refused in (lambda: handed.score("Once"), lambda: handed.save(folder.parent / "other")):
        with pytest.raises(UsageError, match="only writes"):
            refused()
    assert not (folder.parent / "other").exists()


@pytest.mark.parametrize("change", [lambda decoder: decoder, to_int8], ids=["full", "int8"])
def test_a_tied_table_stays(change, make_decoder, tokenizer):
    whole, handed = (LanguageModel(change(make_decoder(tied=True)), tokenizer) for _ in range(2))
    handed.only_write()
    assert handed.generate("Once", **GREEDY) == whole.generate("Once", **GREEDY)


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
