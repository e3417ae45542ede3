"""The encoder: what it sees, what it ignores, and what it costs."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from zaohua.language.encoders.encoder import Encoder, EncoderConfig

SHAPE = {"layers": 2, "width": 16, "heads": 2, "kv_heads": 2, "head_dim": 8, "ffn_width": 24}


def built(**changes) -> Encoder:
    encoder = Encoder(EncoderConfig(**{**SHAPE, "vocab_size": 30, "context": 12, **changes}))
    for seed, parameter in enumerate(encoder.parameters()):
        generator = torch.Generator().manual_seed(seed)
        torch.nn.init.normal_(parameter, mean=float(parameter.ndim == 1), std=0.3, generator=generator)
    return encoder.eval()


def ids(*shape: int) -> torch.Tensor:
    return torch.randint(0, 30, shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"head": "none"},
        {"head": "none", "pooler": True},
        {"head": "class", "labels": ("a", "b", "c"), "pooler": True},
        {"positions": "rotary", "types": 1},
        {"norm": "rms", "norm_first": True, "mlp": "swiglu", "bias": "none", "qk_norm": True, "positions": "rotary"},
    ],
    ids=str,
)
def test_parameters_are_counted(changes):
    encoder = built(**changes)
    assert encoder.config.num_parameters() == sum(p.numel() for p in encoder.parameters())


@pytest.mark.parametrize("positions", ["learned", "rotary"])
def test_every_token_sees_every_real_one_and_no_padding(positions):
    encoder, tokens = built(positions=positions), ids(2, 9)
    real = torch.arange(9) < torch.tensor([[9], [5]])
    with torch.no_grad():
        both, short = encoder.hidden(tokens, real), encoder.hidden(tokens[1:, :5])
        assert (both[1, :5] - short[0]).abs().max() <= 1e-5
        changed = tokens.clone()
        changed[0, 8] = (changed[0, 8] + 1) % 30
        assert (encoder.hidden(changed, real)[0, 0] - both[0, 0]).abs().max() > 1e-3
        assert (encoder.pooled(both, real)[1] - short.mean(1)[0]).abs().max() <= 1e-5


def test_masked_head_reads_the_embedding_table():
    encoder = built()
    with torch.no_grad():
        hidden = encoder.hidden(ids(1, 4))
        logits = encoder.guess(hidden)
        encoder.embed_tokens.weight[7] += 1
        assert logits.shape == (1, 4, 30)
        assert (encoder.guess(hidden) - logits).abs().amax((0, 1)).nonzero().flatten().tolist() == [7]


@pytest.mark.parametrize("guessed", [1.0, 0.5])
def test_operations_are_counted(guessed):
    encoder, tokens = built(), ids(1, 8)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        encoder.guess(encoder.hidden(tokens)[:, : int(8 * guessed)])
    attention = 2 * 2 * 2 * 16 * 8 * 8  # which the counter leaves out: two products in each of two layers
    expected = counter.get_total_flops() + attention
    assert 8 * encoder.config.flops_per_token(8, training=False, guessed=guessed) == expected
    assert encoder.config.flops_per_token(8) == 3 * encoder.config.flops_per_token(8, training=False)
