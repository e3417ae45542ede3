"""RMS norm against its formula, PyTorch's own, and finite differences."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from zaohua.nn.norm import RMSNorm


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def norm(width: int) -> RMSNorm:
    layer = RMSNorm(width, 1e-6)
    with torch.no_grad():
        layer.weight.copy_(random(width, seed=1))
    return layer


def test_is_the_formula():
    layer, x = norm(6), random(2, 3, 6)
    for row, out in zip(x.view(-1, 6), layer(x).view(-1, 6), strict=True):
        scale = (sum(value.item() ** 2 for value in row) / 6 + 1e-6) ** -0.5
        assert out.tolist() == pytest.approx([layer.weight[i].item() * row[i].item() * scale for i in range(6)])


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.integers(0, 2**31), st.floats(1e-3, 1e3))
def test_values_and_gradients_are_those_of_torch(shape, seed, scale):
    ours = norm(shape[-1])
    theirs = nn.RMSNorm(shape[-1], eps=1e-6)
    theirs.load_state_dict(ours.state_dict())
    x, weights = random(*shape, seed=seed) * scale, random(*shape, seed=seed + 1)
    found = []
    for layer in (ours, theirs):
        leaf = x.clone().requires_grad_()
        out = layer(leaf)
        (out * weights).sum().backward()
        found.append((out.detach(), leaf.grad * scale, layer.weight.grad))
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)


def test_the_gradient_is_that_of_finite_differences():
    layer = norm(5).double()
    torch.autograd.gradcheck(layer, random(2, 3, 5).double().requires_grad_())


def test_a_second_derivative_is_refused_rather_than_wrong():
    layer, x = norm(5), random(2, 5).requires_grad_()
    (gradient,) = torch.autograd.grad(layer(x).pow(2).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        gradient.sum().backward()


def test_without_gradient_it_is_the_same():
    layer, x = norm(8), random(3, 8)
    with torch.no_grad():
        quiet = layer(x)
    torch.testing.assert_close(layer(x).detach(), quiet)


@pytest.mark.parametrize("gains", [torch.float16, torch.float32])
def test_half_precision_does_not_overflow(gains):
    layer, x = norm(8), 1000 * random(3, 8)
    expected = layer(x).detach()
    out = layer.to(gains)(x.half())
    torch.testing.assert_close(out.float().detach(), expected, rtol=5e-3, atol=5e-3)


def test_within_autocast_it_is_torch_own_without_its_warning(recwarn):
    layer, x = norm(32), random(3, 5, 32, seed=2).bfloat16()
    expected = layer.weight.float() * x.float() / (x.float().square().mean(-1, keepdim=True) + 1e-6).sqrt()
    out = layer(x)
    assert out.dtype == torch.bfloat16
    assert torch.allclose(out.float(), expected, rtol=2e-2, atol=1e-2)
    assert not recwarn.list
