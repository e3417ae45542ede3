"""The fast decoder: the plain definition's logits for every shape, and rows that do not depend on each other."""

import pytest
import torch
from served_texts import defined, served, slots, texts
from torch import nn

from zaohua.language.decoder import Decoder
from zaohua.language.engine import fast_decode
from zaohua.language.engine.attending import Piece
from zaohua.language.engine.fast_decode import FastDecoder
from zaohua.language.engine.plain_decode import PlainDecoder
from zaohua.nn.int8 import to_int8
from zaohua.nn.rotary import RopeScaling

GPT2 = {"positions": "learned", "norm": "layer", "bias": "all", "mlp": "gelu_tanh", "qk_norm": False, "kv_heads": 4}
SHAPES = {
    "qwen3": {},
    "llama": {"qk_norm": False},
    "llama3": {"qk_norm": False, "rope_scaling": RopeScaling(kind="llama3", factor=8.0, original_context=64)},
    "qwen2": {"qk_norm": False, "bias": "qkv"},
    "mistral": {"qk_norm": False, "window": 13},
    "gpt2": GPT2 | {"tied": True},
    "one group": {"kv_heads": 1},
    "no groups": {"kv_heads": 4},
    "biases": {"bias": "all", "mlp": "gelu"},
    "attention biases": {"bias": "attention"},
    "wide heads": {"head_dim": 16, "norm": "layer"},
}


@pytest.fixture(params=SHAPES, ids=str)
def decoder(request, make_decoder) -> Decoder:
    return make_decoder(context=100, **SHAPES[request.param])


@pytest.mark.parametrize("small", [0, 10**9])
def test_logits_are_those_of_the_plain_definition(decoder, small, monkeypatch):
    monkeypatch.setattr(fast_decode, "SMALL", small)
    assert FastDecoder.serves(decoder)
    whole = defined(decoder)
    torch.testing.assert_close(served(FastDecoder(decoder), decoder), whole, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(served(PlainDecoder(decoder), decoder), whole, rtol=1e-5, atol=1e-5)


def test_int8_too(decoder):
    """Inputs of int8 products are taken to 13 bits, so a rounding here and there falls otherwise."""
    whole, rounded = defined(decoder), defined(to_int8(decoder))
    got = served(FastDecoder(decoder), decoder)
    assert (got - rounded).norm() < 1e-3 * rounded.norm()
    assert (whole - rounded).norm() > 2e-3 * whole.norm()  # rounding weights is what makes a difference


def test_half_precision(make_decoder):
    decoder = make_decoder(context=100).bfloat16()
    difference = served(FastDecoder(decoder), decoder) - defined(decoder).float()
    assert difference.norm() < 0.03 * defined(decoder).float().norm()


@torch.inference_mode()
@pytest.mark.parametrize("weights", ["small", "large", "int8"])
def test_rows_are_the_same_bit_by_bit_whatever_stands_beside_them(decoder, weights, monkeypatch):
    if weights == "large":
        monkeypatch.setattr(fast_decode, "SMALL", 0)
    model = FastDecoder(to_int8(decoder) if weights == "int8" else decoder)
    room, ids = slots(decoder, 16), texts(decoder, 16)
    for slot, text in zip(room, ids, strict=True):
        model(text[:20], [Piece(slot, 0, 20)])
    alone = [model.logits(model([text[20]], [Piece(slot, 20)])) for slot, text in zip(room, ids, strict=True)]
    for count in (2, 3, 5, 16):
        rows = model.logits(model([t[20] for t in ids[:count]], [Piece(slot, 20) for slot in room[:count]]))
        assert torch.equal(rows, torch.cat(alone[:count]))


@torch.inference_mode()
@pytest.mark.parametrize("weights", ["small", "large", "int8"])
def test_blocks_read_together_are_as_read_alone(decoder, weights, monkeypatch):
    """Blocks of any length, a single token among them, then all texts' next tokens in one pass."""
    if weights == "large":
        monkeypatch.setattr(fast_decode, "SMALL", 0)
    model = FastDecoder(to_int8(decoder) if weights == "int8" else decoder)
    lengths, ids = (64, 1, 17, 30, 2), texts(decoder, 5)
    alone, together = slots(decoder, 5), slots(decoder, 5)
    for slot in together:
        slot.kv[:] = torch.nan  # whatever an earlier text has left
    blocks = [text[:length] for text, length in zip(ids, lengths, strict=True)]
    one_by_one = [model(block, [Piece(slot, 0, len(block))]) for block, slot in zip(blocks, alone, strict=True)]
    pieces = [Piece(slot, 0, len(block)) for block, slot in zip(blocks, together, strict=True)]
    assert torch.equal(model([token for block in blocks for token in block], pieces), torch.cat(one_by_one))
    nexts = [text[length] for text, length in zip(ids, lengths, strict=True)]
    one_by_one = [model([id], [Piece(s, n)]) for id, s, n in zip(nexts, alone, lengths, strict=True)]
    pieces = [Piece(slot, length) for slot, length in zip(together, lengths, strict=True)]
    assert torch.equal(model(nexts, pieces), torch.cat(one_by_one))


@torch.inference_mode()
def test_guessed_tokens_in_one_pass_are_as_one_by_one(decoder):
    model, ids = FastDecoder(decoder), texts(decoder, 1)[0]
    one, other = slots(decoder, 2)
    for slot in (one, other):
        model(ids[:20], [Piece(slot, 0, 20)])
    single = torch.cat([model([ids[20 + i]], [Piece(one, 20 + i)]) for i in range(5)])
    together = model(ids[20:25], [Piece(other, 20 + i) for i in range(5)])
    assert torch.equal(single, together)


def test_parts_of_others_are_left_to_the_plain_path(make_decoder):
    decoder = make_decoder()

    class Adapter(nn.Module):
        def __init__(self, inner: nn.Linear) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, x):
            return 2 * self.inner(x)

    decoder.transformer.layers[0].mlp.down_proj = Adapter(decoder.transformer.layers[0].mlp.down_proj)
    assert not FastDecoder.serves(decoder)
    decoder = make_decoder()
    decoder.lm_head.register_forward_hook(lambda *_: None)
    assert not FastDecoder.serves(decoder)
    assert not FastDecoder.serves(make_decoder(norm_first=False))
