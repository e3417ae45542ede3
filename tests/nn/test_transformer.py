"""Blocks against their formulas; causal and bidirectional stacks."""

import torch

from zaohua.nn.transformer import Block, SwiGLU, Transformer, TransformerConfig

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

    from zaohua.nn.attention import rotary_table

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
