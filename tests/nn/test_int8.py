"""Weights of one byte: the definition, rows by themselves, and what rounding costs."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from zaohua.nn import int8
from zaohua.nn.int8 import Int8Linear, to_int8


def rounded(linear: nn.Linear) -> tuple[torch.Tensor, torch.Tensor]:
    """Whole numbers and scales by the definition, in double precision."""
    weight = linear.weight.detach().double()
    scale = weight.abs().amax(1, keepdim=True) / 127
    return (weight / scale).round(), scale


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("width", "out"), [(1, 1), (33, 7), (320, 960), (1536, 64)])
def test_the_product_is_that_of_the_rounded_weights(width, out, bias):
    torch.manual_seed(width)
    linear = nn.Linear(width, out, bias=bias)
    x = torch.randn(9, width) * torch.logspace(-4, 4, 9)[:, None]
    x[3] = 0
    whole, scale = rounded(linear)
    expected = x.double() @ (whole * scale).t()
    got = Int8Linear.of(linear)(x).double() - (linear.bias.detach().double() if bias else 0)
    # Inputs are taken to 1 / (2 · 63 · 126) of their row's largest; the rest is the rounding of fp32.
    most = x.double().abs().amax(1, keepdim=True) / (2 * 63 * 126) * (whole * scale).abs().sum(1)
    assert ((got - expected).abs() <= 1.05 * most + 1e-6 * (1 + expected.abs())).all()


@given(st.integers(1, 12), st.integers(1, 70), st.integers(0, 10**6))
def test_rows_do_not_depend_on_each_other(rows, width, seed):
    generator = torch.Generator().manual_seed(seed)
    layer = Int8Linear.of(nn.Linear(width, 20))
    x = torch.randn(rows, width, generator=generator) * torch.randn(rows, 1, generator=generator).exp()
    assert torch.equal(layer(x), torch.cat([layer(row) for row in x.split(1)]))


def test_shapes_types_and_what_is_no_number():
    layer = Int8Linear.of(nn.Linear(8, 5))
    assert layer(torch.zeros(2, 3, 8)).shape == (2, 3, 5)
    assert layer(torch.zeros(2, 3, 8, dtype=torch.bfloat16)).dtype == torch.bfloat16
    x = torch.zeros(3, 8)
    x[1, 2], x[2, 3] = torch.nan, torch.inf
    y = layer(x)
    assert y[0].isfinite().all()
    assert not y[1].isfinite().any()
    assert not y[2].isfinite().any()


def test_without_the_fast_kernel(monkeypatch):
    layer = Int8Linear.of(nn.Linear(40, 30))
    x = torch.randn(4, 40)
    fast = layer(x)
    monkeypatch.setattr("zaohua.nn.int8._KERNEL", False)
    torch.testing.assert_close(layer(x), fast, rtol=1e-3, atol=1e-3)


def test_packed_weights_are_held_once():
    layer = Int8Linear.of(nn.Linear(40, 30))
    x = torch.randn(4, 40)
    before = layer(x)
    assert torch.equal(layer.pack()(x), before)
    assert layer.weight.numel() == 0 or not int8._KERNEL


def test_only_linear_layers_are_replaced():
    module = nn.Sequential(nn.Embedding(4, 8), nn.Sequential(nn.Linear(8, 8), nn.LayerNorm(8)))
    kinds = [type(part) for part in to_int8(module).modules()]
    assert kinds == [nn.Sequential, nn.Embedding, nn.Sequential, Int8Linear, nn.LayerNorm]
