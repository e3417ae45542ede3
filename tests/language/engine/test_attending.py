"""Attention of many texts in one product: the same bits as alone, or none of it."""

from dataclasses import replace

import pytest
import torch

from zaohua.language.engine import attending
from zaohua.language.engine.attending import Attending, Piece
from zaohua.language.engine.looking import exact
from zaohua.language.engine.slots import SlotPool


@pytest.fixture(params=[1, 2, 4])
def texts(request, make_decoder):
    """Slots for texts of 100 to 1,100 tokens, full of numbers, of a model whose context is long."""
    config = make_decoder(context=2048, heads=4, kv_heads=request.param, head_dim=32).config
    pool = SlotPool(config, 1 << 30, torch.zeros(1))
    slots = [pool.take(2048) for _ in range(6)]
    generator = torch.Generator().manual_seed(0)
    slots[0].shelf.kv.normal_(generator=generator)
    qkv = torch.randn(6, (config.heads + 2 * config.kv_heads) * config.head_dim, generator=generator)
    return config, [Piece(slot, 100 + 200 * place) for place, slot in enumerate(slots)], qkv


def seen(config, pieces, qkv, layer=1):
    return Attending(pieces, config, 0).attend(layer, qkv)


@pytest.mark.parametrize("window", [None, 300])
@torch.inference_mode()
def test_many_in_one_product_have_the_bits_of_each_alone(texts, window, monkeypatch):
    config, pieces, qkv = texts
    config = replace(config, window=window)
    monkeypatch.setattr(attending, "_WASTE", 1 << 40)  # all in one, where that has the same bits
    joined = exact(config.kv_heads, config.heads // config.kv_heads, config.head_dim, torch.get_num_threads()) > 0
    assert len(Attending(pieces, config, 0).runs) == (1 if joined else len(pieces))
    alone = [seen(config, [piece], qkv[place : place + 1].clone()) for place, piece in enumerate(pieces)]
    assert torch.equal(seen(config, pieces, qkv), torch.cat(alone))


@torch.inference_mode()
def test_pytorchs_own_attention_sees_the_same(texts, monkeypatch):
    config, pieces, qkv = texts
    ours = seen(config, pieces, qkv)
    monkeypatch.setattr(attending, "exact", lambda *_: 0)
    assert len(Attending(pieces, config, 0).runs) == len(pieces)
    torch.testing.assert_close(seen(config, pieces, qkv), ours, rtol=1e-5, atol=1e-6)


def test_lengths_that_differ_much_are_not_read_together(texts, monkeypatch):
    config, pieces, _ = texts
    few = [Piece(piece.slot, piece.slot.row) for piece in pieces]

    def parts(pieces: list[Piece]) -> list[int]:
        return [len(run) for run in attending._runs(pieces, config, joined=True)]

    monkeypatch.setattr(attending, "_WASTE", 2 * config.kv_heads * config.head_dim * 1000)  # a thousand positions
    assert parts(few) == [6]
    assert parts([*few[:5], Piece(few[5].slot, 150)]) == [6]
    assert parts([*few[:5], Piece(few[5].slot, 250)]) == [5, 1]
    assert parts([few[0], few[2], few[3]]) == [1, 2]  # neighbours alone
    assert parts([few[0], Piece(few[1].slot, 0, 5), few[2]]) == [1, 1, 1]  # and single tokens
