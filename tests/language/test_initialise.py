"""Starting weights."""

import math

import pytest
import torch

from zaohua.language.decoder import Decoder, DecoderConfig
from zaohua.language.encoders.encoder import Encoder, EncoderConfig
from zaohua.language.initialise import initialise, initialise_encoder
from zaohua.nn.rotary import rotary_table, rotate


def fresh(look_back: int = 0, **shape) -> Decoder:
    settings = {"layers": 2, "width": 64, "heads": 4, "kv_heads": 4, "head_dim": 16, "ffn_width": 96}
    decoder = Decoder(DecoderConfig(**settings | {"vocab_size": 50, "context": 40} | shape))
    initialise(decoder, seed=0, look_back=look_back)
    return decoder


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("look_back", [0, 3])
def test_starts_with_every_token_equally_likely_if_untied(tied, look_back):
    decoder = fresh(look_back, tied=tied)
    ids = torch.arange(40)[None]
    assert decoder.loss(ids, ids.roll(1)).item() == pytest.approx(math.log(50), abs=0.3 if tied else 1e-5)
    twin = fresh(look_back, tied=tied)
    assert all(torch.equal(a, b) for a, b in zip(decoder.parameters(), twin.parameters(), strict=True))


@pytest.mark.parametrize("kv_heads", [4, 2])
def test_heads_look_back_by_one_two_three(kv_heads):
    """Attention weights of the fresh first layer, from its own projections, written out."""
    decoder = fresh(look_back=3, kv_heads=kv_heads)
    block, time, head_dim = decoder.transformer.layers[0], 40, 16
    ids = torch.randint(0, 50, (1, time), generator=torch.Generator().manual_seed(1))
    x = block.input_layernorm(decoder.embed_tokens(ids))
    attention, table = block.self_attn, rotary_table(time, head_dim, decoder.config.rope_theta)
    q = attention.q_norm(attention.q_proj(x).view(1, time, 4, head_dim)).transpose(1, 2)
    k = attention.k_norm(attention.k_proj(x).view(1, time, kv_heads, head_dim)).transpose(1, 2)
    q, k = rotate(q, *table), rotate(k, *table)
    for head in range(min(3, kv_heads)):
        scores = q[0, head * (4 // kv_heads)] @ k[0, head].T / math.sqrt(head_dim)
        for position in range(head + 1, time):
            assert scores[position, : position + 1].argmax() == position - head - 1


def test_without_heads_that_look_back_nothing_is_constant():
    assert fresh(0).embed_tokens.weight[:, 1].std() > 0.5
    q = fresh(0).transformer.layers[0].self_attn.q_proj.weight
    assert (q.std(dim=1) > 0).all()


@pytest.mark.parametrize("width", [128, 64])
def test_heads_of_an_encoder_look_at_their_neighbours(width):
    """Attention of the fresh first layer, whatever the tokens: most of it where each head is pointed."""
    heads = width // 32
    shape = {"layers": 2, "width": width, "heads": heads, "kv_heads": heads, "head_dim": 32, "ffn_width": 64}
    encoder = Encoder(EncoderConfig(**shape, vocab_size=50, context=48))
    initialise_encoder(encoder, seed=0)
    ids = torch.randint(0, 50, (2, 48), generator=torch.Generator().manual_seed(1))
    attention = encoder.transformer.layers[0].self_attn
    with torch.no_grad():
        x = encoder.embed_norm(
            encoder.embed_tokens(ids) + encoder.embed_types.weight[0] + encoder.embed_positions.weight
        )
        keys, _ = attention.keys_values(x)
        weights = (attention.queries(x) @ keys.mT / 32**0.5).softmax(-1)[:, :, 4:-4]  # away from the edges
    looks = weights.argmax(-1) - torch.arange(4, 44)
    assert [looks[:, head].unique().tolist() for head in range(heads)] == [[-1], [1], [-2], [2]][:heads]
    assert weights.amax(-1).mean() > 0.2


def test_an_encoder_too_narrow_for_that_is_drawn_plainly():
    shape = {"layers": 1, "width": 8, "heads": 2, "kv_heads": 2, "head_dim": 4, "ffn_width": 8}
    encoder = Encoder(EncoderConfig(**shape, vocab_size=50, context=8))
    initialise_encoder(encoder, seed=0)
    assert (encoder.embed_tokens.weight != 0).all()
