"""Blocks against their formulas; causal and bidirectional stacks."""

import pytest
import torch

from zaohua.nn.cache import KVCache
from zaohua.nn.config import TransformerConfig
from zaohua.nn.rotary import rotary_table
from zaohua.nn.transformer import Block, SwiGLU, Transformer

SHAPE = {"layers": 2, "width": 16, "heads": 2, "kv_heads": 1, "head_dim": 8, "ffn_width": 24}


def built(module: torch.nn.Module) -> torch.nn.Module:
    for seed, parameter in enumerate(module.parameters()):
        torch.nn.init.normal_(parameter, std=0.3, generator=torch.Generator().manual_seed(seed))
    return module.eval()


def test_swiglu_is_the_formula():
    layer, x = built(SwiGLU(4, 6)), torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0))
    gate, up = x @ layer.gate_proj.weight.T, x @ layer.up_proj.weight.T
    expected = (gate / (1 + (-gate).exp()) * up) @ layer.down_proj.weight.T
    assert (layer(x) - expected).abs().max() <= 1e-6


def test_block_adds_to_the_residual_stream():
    config = TransformerConfig(**SHAPE)
    block = built(Block(config, 0))
    x = torch.randn(2, 5, 16, generator=torch.Generator().manual_seed(0))
    model = Transformer(config)
    model.layers = torch.nn.ModuleList([block])
    model.norm = torch.nn.Identity()

    def norm(y, weight):
        return y / (y.pow(2).mean(-1, keepdim=True) + config.norm_eps).sqrt() * weight

    with torch.no_grad():
        rotary = rotary_table(5, 8, config.rope_theta)
        middle = x + block.self_attn(norm(x, block.input_layernorm.weight), rotary)
        expected = middle + block.mlp(norm(middle, block.post_attention_layernorm.weight))
        assert (model(x) - expected).abs().max() <= 1e-5


def test_bidirectional_stack_sees_what_comes_after():
    x = torch.randn(1, 6, 16, generator=torch.Generator().manual_seed(0))
    other = x.clone()
    other[0, 5] += 1
    for causal in (True, False):
        model = built(Transformer(TransformerConfig(**SHAPE, causal=causal)))
        with torch.no_grad():
            assert torch.equal(model(x)[0, 0], model(other)[0, 0]) == causal


BERT = {"norm": "layer", "norm_first": False, "positions": "learned", "mlp": "gelu", "bias": "all", "qk_norm": False}


def test_post_norm_block_is_the_formula():
    """norm(x + part(x)) for both parts, the norm with gain and shift, the feed-forward part with an exact GELU."""
    config = TransformerConfig(**(SHAPE | BERT | {"kv_heads": 2, "causal": False}))
    block, x = built(Block(config, 0)), torch.randn(2, 5, 16, generator=torch.Generator().manual_seed(0))

    def norm(y, layer):
        centred = y - y.mean(-1, keepdim=True)
        return centred / (centred.pow(2).mean(-1, keepdim=True) + config.norm_eps).sqrt() * layer.weight + layer.bias

    with torch.no_grad():
        middle = norm(x + block.self_attn(x, None), block.input_layernorm)
        up = middle @ block.mlp.up_proj.weight.T + block.mlp.up_proj.bias
        gelu = up * 0.5 * (1 + torch.erf(up / 2**0.5))
        expected = norm(
            middle + gelu @ block.mlp.down_proj.weight.T + block.mlp.down_proj.bias, block.post_attention_layernorm
        )
        assert (block(x, None) - expected).abs().max() <= 1e-5


@pytest.mark.parametrize(
    "changes", [{}, BERT, {"bias": "qkv", "qk_norm": False}, {"bias": "attention"}, {"bias": "all"}, {"cross": True}]
)
@pytest.mark.parametrize("kv_heads", [1, 2])
def test_parameters_are_counted(changes, kv_heads):
    config = TransformerConfig(**(SHAPE | changes | {"kv_heads": kv_heads}))
    assert config.stack_parameters() == sum(p.numel() for p in Transformer(config).parameters())


@pytest.mark.parametrize("window", [1, 3, 6])
def test_window_hides_what_lies_further_back(window):
    """With a mask of our own, and through a cache in pieces."""
    model = built(Transformer(TransformerConfig(**SHAPE, window=window)))
    full = built(Transformer(TransformerConfig(**SHAPE)))
    x = torch.randn(2, 8, 16, generator=torch.Generator().manual_seed(0))
    places = torch.arange(8)
    mask = (places <= places[:, None]) & (places > places[:, None] - window)
    cache = KVCache(2, 2, 1, 8, 8)
    with torch.no_grad():
        expected = full(x, mask)
        assert (model(x) - expected).abs().max() <= 1e-5
        pieces = torch.cat([model(piece, cache=cache) for piece in x.split([3, 1, 4], dim=1)], dim=1)
    assert (pieces - expected).abs().max() <= 1e-5


def test_positions_of_its_own_undo_padding_on_the_left():
    model = built(Transformer(TransformerConfig(**SHAPE)))
    x = torch.randn(2, 7, 16, generator=torch.Generator().manual_seed(0))
    padding = torch.tensor([[0], [3]])
    real = torch.arange(7) >= padding  # [B, T]
    mask = (real[:, None, :] & torch.ones(7, 7, dtype=torch.bool).tril())[:, None]
    with torch.no_grad():
        padded = model(x, mask, positions=(torch.arange(7) - padding).clamp(min=0))
        assert (padded[1, 3:] - model(x[1:, 3:])[0]).abs().max() <= 1e-5
        assert (padded[0] - model(x[:1])[0]).abs().max() <= 1e-5


def test_memory_reaches_every_block_and_its_padding_none():
    model = built(Transformer(TransformerConfig(**SHAPE, cross=True)))
    generator = torch.Generator().manual_seed(0)
    x, encoded = torch.randn(2, 4, 16, generator=generator), torch.randn(2, 6, 16, generator=generator)
    real = torch.arange(6) < torch.tensor([[6], [2]])
    with torch.no_grad():
        both = model(x, memory=model.remember(encoded), memory_mask=real[:, None, None])
        short = model(x[1:], memory=model.remember(encoded[1:, :2]))
        assert (both[1] - short[0]).abs().max() <= 1e-5
        assert (both - model(x)).abs().max() > 0.1
