"""The decoder: what it costs, how it starts, and decoding with a cache."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from zaohua.language.decoder import Decoder, DecoderConfig

SHAPE = {"layers": 2, "width": 32, "heads": 4, "kv_heads": 2, "head_dim": 8, "ffn_width": 48}


def config(**changes) -> DecoderConfig:
    return DecoderConfig(**{**SHAPE, "vocab_size": 50, "context": 40, **changes})


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=6), st.booleans())
def test_cached_pieces_equal_the_full_pass(make_decoder, pieces, tied):
    """However a sequence is cut, one token at a time included, the logits are those of one pass."""
    decoder = make_decoder(tied=tied, context=80)
    total = sum(pieces)
    ids = torch.randint(0, 50, (2, total), generator=torch.Generator().manual_seed(total))
    cache = decoder.new_cache(2, total)
    with torch.no_grad():
        parts = [decoder(part, cache) for part in ids.split(pieces, dim=1)]
        assert (torch.cat(parts, 1) - decoder(ids)).abs().max() <= 1e-5
    assert cache.length == total


def test_cache_rows_can_be_repeated_and_dropped(make_decoder):
    decoder = make_decoder()
    ids = torch.randint(0, 50, (3, 10), generator=torch.Generator().manual_seed(0))
    rows = torch.tensor([2, 0, 2])
    cache = decoder.new_cache(3, 11)
    with torch.no_grad():
        decoder(ids, cache)
        cache.select(rows)
        new = torch.tensor([[1], [2], [3]])
        ours = decoder(new, cache)[:, 0]
        full = decoder(torch.cat((ids[rows], new), 1))[:, -1]
    assert (ours - full).abs().max() <= 1e-5


def test_no_token_sees_what_comes_after_it(make_decoder):
    decoder = make_decoder()
    one = torch.randint(0, 50, (1, 20), generator=torch.Generator().manual_seed(0))
    other = one.clone()
    other[0, 12:] = (other[0, 12:] + 1) % 50
    with torch.no_grad():
        before, after = decoder(one), decoder(other)
    assert torch.equal(before[:, :12], after[:, :12])
    assert not torch.equal(before[:, 12:], after[:, 12:])


def test_loss_is_the_definition(make_decoder):
    decoder = make_decoder()
    ids = torch.randint(0, 50, (2, 9), generator=torch.Generator().manual_seed(0))
    targets = ids.roll(-1, 1)
    targets[1, 4:] = -100
    with torch.no_grad():
        logits = decoder(ids).double()
        losses = [
            -logits[row, time].log_softmax(-1)[targets[row, time]]
            for row in range(2)
            for time in range(9)
            if targets[row, time] != -100
        ]
        assert decoder.loss(ids, targets).item() == pytest.approx((sum(losses) / len(losses)).item(), rel=1e-5)


@pytest.mark.parametrize("tied", [False, True])
def test_num_parameters(tied):
    c, d = config(tied=tied), 8
    per_layer = 32 * (4 + 2 * 2) * d + 4 * d * 32 + 3 * 32 * 48 + 2 * 32 + 2 * d
    total = 2 * per_layer + 32 + 50 * 32 * (1 if tied else 2)
    assert c.num_parameters() == total == sum(p.numel() for p in Decoder(c).parameters())
    assert c.num_parameters(embedding=False) == total - 50 * 32


@pytest.mark.parametrize("training", [False, True])
def test_flops_as_torch_counts_them(training):
    """torch counts attention over all T x T positions, we over the causal half."""
    c = config(kv_heads=4, width=64, head_dim=16, ffn_width=128)
    decoder, time = Decoder(c), c.context
    ids = torch.zeros(1, time, dtype=torch.long)
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):  # the fused kernel is not counted
        loss = decoder.loss(ids, ids)
        if training:
            loss.backward()
    saved = (3 if training else 1) * 2 * c.layers * c.heads * c.head_dim * time
    assert c.flops_per_token(time, training=training) == counter.get_total_flops() / time - saved


def test_kv_bytes_per_token(make_decoder):
    decoder = make_decoder()
    cache = decoder.new_cache(3, 7)
    assert cache.keys.nbytes + cache.values.nbytes == 3 * 7 * decoder.config.kv_bytes_per_token()


def test_half_precision_keeps_its_type(make_decoder):
    """Rotary angles must not lift queries back to fp32: attention needs one type."""
    decoder = make_decoder().bfloat16()
    cache = decoder.new_cache(1, 8)
    ids = torch.arange(8)[None]
    with torch.no_grad():
        whole, cached = decoder(ids), decoder(ids, cache)
    assert whole.dtype == cached.dtype == torch.bfloat16
    assert (whole - cached).abs().max() < 0.1


def test_dropout_depends_on_the_sample_alone():
    decoder = Decoder(config(dropout=0.3))
    for parameter in decoder.parameters():
        torch.nn.init.normal_(parameter, std=0.3, generator=torch.Generator().manual_seed(parameter.numel()))
    ids = torch.arange(30).view(3, 10)
    keys = torch.tensor([5, 6, 7], dtype=torch.int32)
    with torch.no_grad():
        whole = decoder(ids, dropout_keys=keys)
        alone = decoder(ids[1:2], dropout_keys=keys[1:2])
        assert (whole[1] - alone[0]).abs().max() <= 1e-5
        assert (decoder(ids, dropout_keys=keys + 1) - whole).abs().max() > 1e-2
        assert (decoder(ids) - whole).abs().max() > 1e-2
