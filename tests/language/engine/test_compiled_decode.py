"""Compiled code: the plain definition's logits for every shape, and rows that do not depend on each other."""

import threading

import pytest
import torch
from served_texts import defined, served, slots, texts

from zaohua.language.decoder import Decoder
from zaohua.language.engine.attending import Piece
from zaohua.language.engine.engine import Engine
from zaohua.language.engine.fast_decode import FastDecoder
from zaohua.language.engine.layouts import laid_out
from zaohua.language.engine.plain_decode import PlainDecoder
from zaohua.language.engine.request import Request
from zaohua.language.sampling import SamplingConfig
from zaohua.nn.int8 import Int8Linear, to_int8
from zaohua.nn.rotary import RopeScaling

pytest.importorskip("numba")
from zaohua.language.engine import kernels
from zaohua.language.engine.compiled_decode import CompiledDecoder

SHAPES = {
    "qwen3": {},
    "llama": {"qk_norm": False, "tied": True},
    "llama3": {"qk_norm": False, "rope_scaling": RopeScaling(kind="llama3", factor=8.0, original_context=64)},
    "qwen2": {"qk_norm": False, "bias": "qkv"},
    "mistral": {"qk_norm": False, "window": 13},
    "one group": {"kv_heads": 1},
    "no groups": {"kv_heads": 4},
    "biases": {"bias": "all"},
    "wide heads": {"head_dim": 40, "width": 68, "ffn_width": 100},  # none of them whole panels
    "whole panels": {"head_dim": 64, "width": 96, "ffn_width": 160},
}


@pytest.fixture(scope="module", autouse=True)
def compiled():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZAOHUA_COMPILED", "1")
        yield


@pytest.fixture(params=SHAPES, ids=str)
def decoder(request, make_decoder) -> Decoder:
    return make_decoder(context=100, **SHAPES[request.param])


@pytest.fixture(params=[1, 3])
def threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield
    torch.set_num_threads(before)


def test_logits_are_those_of_the_plain_definition(decoder, threads):
    assert isinstance(laid_out(decoder), CompiledDecoder)
    torch.testing.assert_close(served(CompiledDecoder(decoder), decoder), defined(decoder), rtol=1e-5, atol=1e-5)


def test_int8_multiplies_the_rounded_weights_exactly(decoder):
    rounded = to_int8(decoder)
    got = served(CompiledDecoder(rounded), rounded)
    for module in list(decoder.modules()):
        for name, linear in module.named_children():
            if isinstance(linear, Int8Linear):
                exact = torch.nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
                exact.weight.data = linear.weight * linear.scale[:, None]
                if linear.bias is not None:
                    exact.bias.data = linear.bias
                setattr(module, name, exact)
    torch.testing.assert_close(got, defined(decoder), rtol=1e-5, atol=1e-5)


@torch.inference_mode()
@pytest.mark.parametrize("int8", [False, True], ids=["fp32", "int8"])
def test_rows_are_the_same_bit_by_bit_whatever_stands_beside_them(decoder, int8, threads):
    model, ids = CompiledDecoder(to_int8(decoder) if int8 else decoder), texts(decoder, 16)
    one, other = slots(decoder, 16), slots(decoder, 16)
    lengths = [1 + 5 * place for place in range(16)]
    blocks = [text[:length] for text, length in zip(ids, lengths, strict=True)]
    alone = [model(block, [Piece(slot, 0, len(block))]) for block, slot in zip(blocks, one, strict=True)]
    pieces = [Piece(slot, 0, len(block)) for block, slot in zip(blocks, other, strict=True)]
    assert torch.equal(model([token for block in blocks for token in block], pieces), torch.cat(alone))
    alone = [model.logits(model([text[n]], [Piece(slot, n)])) for text, slot, n in zip(ids, one, lengths, strict=True)]
    for count in (2, 3, 5, 16):
        nexts = [text[n] for text, n in zip(ids[:count], lengths, strict=False)]
        pieces = [Piece(slot, n) for slot, n in zip(other[:count], lengths, strict=False)]
        assert torch.equal(model.logits(model(nexts, pieces)), torch.cat(alone[:count]))


@torch.inference_mode()
def test_numbers_do_not_depend_on_how_many_threads_there_are(make_decoder):
    decoder = make_decoder(head_dim=64, context=100)
    before, found = torch.get_num_threads(), []
    for count in (1, 2, 5):
        torch.set_num_threads(count)
        found.append(served(CompiledDecoder(decoder), decoder))
    torch.set_num_threads(before)
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])


@torch.inference_mode()
def test_guessed_tokens_in_one_pass_are_as_one_by_one(decoder):
    model, ids = CompiledDecoder(decoder), texts(decoder, 1)[0]
    one, other = slots(decoder, 2)
    for slot in (one, other):
        model(ids[:20], [Piece(slot, 0, 20)])
    single = torch.cat([model([ids[20 + i]], [Piece(one, 20 + i)]) for i in range(5)])
    assert torch.equal(single, model(ids[20:25], [Piece(other, 20 + i) for i in range(5)]))


@torch.inference_mode()
def test_a_copied_slot_goes_on_as_its_original(decoder):
    """Keys lie in panels of positions: the last one, half full, is copied too."""
    model, ids = CompiledDecoder(decoder), texts(decoder, 1)[0]
    one, other = slots(decoder, 2)
    model(ids[:33], [Piece(one, 0, 33)])
    one.length = 33
    other.copy_from(one)
    assert torch.equal(model([7], [Piece(one, 33)]), model([7], [Piece(other, 33)]))


@torch.inference_mode()
def test_weights_may_be_taken(make_decoder):
    decoder, again = make_decoder(context=100), make_decoder(context=100)
    whole = served(CompiledDecoder(again), again)
    taken = CompiledDecoder(decoder, take=True)
    assert decoder.transformer.layers[0].mlp.up_proj.weight.numel() == decoder.lm_head.weight.numel() == 0
    assert torch.equal(served(taken, decoder), whole)


def test_several_threads_may_ask_at_once(make_decoder):
    decoder = make_decoder(context=100)
    expected, found = served(CompiledDecoder(decoder), decoder), []
    models = [CompiledDecoder(decoder), CompiledDecoder(decoder)]
    askers = [threading.Thread(target=lambda m=model: found.append(served(m, decoder))) for model in models]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert all(torch.equal(each, expected) for each in found)
    assert len(found) == 2


def test_nothing_is_written_beyond_a_slot(make_decoder):
    decoder = make_decoder()
    [slot] = slots(decoder, 1)
    with pytest.raises(IndexError):
        CompiledDecoder(decoder)([1], [Piece(slot, slot.capacity)])


def test_greedy_tokens_are_those_of_the_other_layout(make_decoder, tokenizer, monkeypatch):
    decoder = make_decoder(context=160)
    request = Request(prompt=tokenizer.encode("Once"), sampling=SamplingConfig(temperature=0), max_new_tokens=120)
    compiled = Engine(decoder, tokenizer)
    monkeypatch.setenv("ZAOHUA_COMPILED", "0")
    plain = Engine(decoder, tokenizer)
    assert isinstance(compiled.model, CompiledDecoder)
    assert isinstance(plain.model, FastDecoder)
    assert compiled.complete([request]) == plain.complete([request])


def test_other_shapes_are_left_to_other_layouts(make_decoder):
    gpt2 = {"positions": "learned", "norm": "layer", "bias": "all", "mlp": "gelu_tanh", "qk_norm": False}
    assert isinstance(laid_out(make_decoder(**gpt2)), FastDecoder)
    assert isinstance(laid_out(make_decoder(norm="layer")), FastDecoder)
    assert isinstance(laid_out(make_decoder().bfloat16()), FastDecoder)
    mixed = make_decoder()
    mixed.lm_head = Int8Linear.of(mixed.lm_head)
    assert isinstance(laid_out(mixed), FastDecoder)
    assert isinstance(laid_out(make_decoder(norm_first=False)), PlainDecoder)


def test_nothing_is_compiled_while_it_writes(make_decoder):
    """What compile_all() made fits every call: who opens a model does not wait for a compiler again."""
    kernels.compile_all()
    for decoder in (make_decoder(), to_int8(make_decoder())):
        model = CompiledDecoder(decoder)
        (slot,) = slots(decoder, 1)
        model.logits(model([1, 2, 3], [Piece(slot, 0, 3)]))
    assert len(kernels.read.signatures) == len(kernels.project.signatures) == 2
