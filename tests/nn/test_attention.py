"""Attention and its parts against their formulas in plain loops."""

import cmath
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from zaohua.nn.attention import CrossAttention, SelfAttention, attention
from zaohua.nn.cache import KVCache
from zaohua.nn.config import TransformerConfig
from zaohua.nn.rotary import rotary_table, rotate


def attention_by_formula(q, k, v, visible) -> torch.Tensor:
    """softmax(Q Kᵀ / √d_k) V, one number at a time. visible(b, h, t, s): whether query t may look at position s."""
    batch, heads, time, width = q.shape
    group = heads // k.shape[1]
    out = torch.zeros(batch, heads, time, width, dtype=torch.float64)
    for b in range(batch):
        for h in range(heads):
            for i in range(time):
                scores = {}
                for j in range(k.shape[2]):
                    if visible(b, h, i, j):
                        dot = sum(q[b, h, i, d].item() * k[b, h // group, j, d].item() for d in range(width))
                        scores[j] = math.exp(dot / math.sqrt(width))
                total = sum(scores.values())
                for j, score in scores.items():
                    out[b, h, i] += score / total * v[b, h // group, j].double()
    return out


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("kv_heads", [1, 2, 4])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("window", [None, 1, 3, 9])
@pytest.mark.parametrize(("time", "length"), [(5, 5), (1, 6), (3, 7)])
def test_attention_is_the_formula(kv_heads, causal, window, time, length):
    """With fewer queries than positions, causal means that the queries are the last ones; a window is of those."""
    q, k, v = random(2, 4, time, 6), random(2, kv_heads, length, 6, seed=1), random(2, kv_heads, length, 6, seed=2)

    def visible(b, h, i, j):
        back = i + length - time - j
        return not causal or 0 <= back < (window or length)

    expected = attention_by_formula(q, k, v, visible)
    assert (attention(q, k, v, causal=causal, window=window) - expected).abs().max() <= 1e-5


def test_attention_with_a_mask_is_the_formula():
    q, k, v = random(2, 2, 4, 6), random(2, 2, 5, 6, seed=1), random(2, 2, 5, 6, seed=2)
    mask = random(2, 1, 4, 5, seed=3) > 0
    mask[..., 0] = True
    expected = attention_by_formula(q, k, v, lambda b, h, i, j: bool(mask[b, 0, i, j]))
    assert (attention(q, k, v, mask=mask) - expected).abs().max() <= 1e-5


@pytest.mark.parametrize("theta", [10_000.0, 1e6])
def test_rotation_turns_pairs_as_complex_numbers(theta):
    """Pair (x_i, x_{i+d/2}) at position p is multiplied by exp(i p θ^(-2i/d))."""
    x = random(1, 1, 9, 8)
    turned = rotate(x, *rotary_table(9, 8, theta))
    for position in range(9):
        for pair in range(4):
            before = complex(x[0, 0, position, pair], x[0, 0, position, pair + 4])
            after = before * cmath.exp(1j * position * theta ** (-2 * pair / 8))
            ours = complex(turned[0, 0, position, pair], turned[0, 0, position, pair + 4])
            assert abs(ours - after) < 1e-5


def test_the_gradient_of_a_rotation_is_that_of_finite_differences():
    cos, sin = (table.double() for table in rotary_table(5, 8, 100.0))
    x = random(2, 3, 5, 8).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: rotate(x, cos, sin), x)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 20))
def test_rotated_products_depend_on_distance_alone(first, second, shift):
    cos, sin = rotary_table(64, 8, 10_000.0)
    q, k = random(8), random(8, seed=1)

    def product(at_q: int, at_k: int) -> float:
        turned_q = rotate(q.view(1, 1, 1, 8), cos[at_q, None], sin[at_q, None])
        turned_k = rotate(k.view(1, 1, 1, 8), cos[at_k, None], sin[at_k, None])
        return (turned_q * turned_k).sum().item()

    assert product(first, second) == pytest.approx(product(first + shift, second + shift), abs=1e-4)


def test_self_attention_is_its_parts():
    """Project, norm per head, rotate, attend, project back; written out for one layer."""
    layer = SelfAttention(TransformerConfig(layers=1, width=12, heads=4, kv_heads=2, head_dim=6, ffn_width=8))
    for seed, parameter in enumerate(layer.parameters()):
        torch.nn.init.normal_(parameter, std=0.5, generator=torch.Generator().manual_seed(seed))
    x, (cos, sin) = random(2, 7, 12), rotary_table(7, 6, 10_000.0)

    def heads(projection, count, norm=None):
        y = (x @ projection.weight.T).view(2, 7, count, 6)
        if norm is not None:
            y = y / (y.pow(2).mean(-1, keepdim=True) + 1e-6).sqrt() * norm.weight
        return y.transpose(1, 2)

    q = rotate(heads(layer.q_proj, 4, layer.q_norm), cos, sin)
    k = rotate(heads(layer.k_proj, 2, layer.k_norm), cos, sin)
    expected = attention_by_formula(q, k, heads(layer.v_proj, 2), lambda b, h, i, j: j <= i)
    expected = expected.transpose(1, 2).reshape(2, 7, 24).float() @ layer.o_proj.weight.T
    assert (layer(x, (cos, sin)) - expected).abs().max() <= 1e-5


def test_cross_attention_is_its_parts():
    """Queries from one side, keys and values from the other, biases and a mask over the other side's padding."""
    shape = {"layers": 1, "width": 12, "heads": 4, "kv_heads": 2, "head_dim": 6, "ffn_width": 8}
    layer = CrossAttention(TransformerConfig(**shape, bias="all", qk_norm=False))
    for seed, parameter in enumerate(layer.parameters()):
        torch.nn.init.normal_(parameter, std=0.5, generator=torch.Generator().manual_seed(seed))
    x, memory = random(2, 3, 12), random(2, 5, 12, seed=1)
    real = torch.tensor([[True, True, True, False, False], [True] * 5])

    def heads(y, projection, count):
        return (y @ projection.weight.T + projection.bias).view(2, -1, count, 6).transpose(1, 2)

    q, k, v = heads(x, layer.q_proj, 4), heads(memory, layer.k_proj, 2), heads(memory, layer.v_proj, 2)
    expected = attention_by_formula(q, k, v, lambda b, h, i, j: bool(real[b, j])).transpose(1, 2).reshape(2, 3, 24)
    expected = expected.float() @ layer.o_proj.weight.T + layer.o_proj.bias
    ours = layer(x, layer.keys_values(memory), real[:, None, None])
    assert (ours - expected).abs().max() <= 1e-5


def test_cache_keeps_what_was_appended():
    cache = KVCache(2, 1, 1, 4, 2)
    k = random(1, 1, 3, 2)
    keys, values = cache.append(1, k, -k)
    assert torch.equal(keys, k)
    assert torch.equal(values, -k)
    cache.length = 3
    keys, _ = cache.append(1, k[:, :, :1], k[:, :, :1])
    assert torch.equal(keys, torch.cat((k, k[:, :, :1]), 2))
    with pytest.raises(AssertionError):
        cache.append(1, k, k)


@pytest.mark.parametrize("length", [80, 700])
def test_short_rows_are_learnt_from_in_fp32_within_autocast(length):
    q, k, v = (torch.randn(1, 2, length, 32).bfloat16().requires_grad_() for _ in range(3))
    with torch.autocast("cpu", torch.bfloat16):
        found = attention(q, k, v, causal=True)
    whole = attention(q.float(), k.float(), v.float(), causal=True)
    assert found.dtype == torch.bfloat16
    assert torch.equal(found, whole.bfloat16()) == (length == 80)
    for mine, exact in zip(*(torch.autograd.grad(y.float().sum(), (q, k, v)) for y in (found, whole)), strict=True):
        torch.testing.assert_close(mine, exact, atol=0.03, rtol=0.03)
