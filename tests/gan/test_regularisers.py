"""Penalties against derivatives that are known, and against each other."""

import pytest
import torch
from torch import nn

from zaohua.gan.regularisers import clip_weights, estimated_slope, gradient_penalty, norm_spectrally, slope


def test_the_slope_of_a_line_and_of_a_square_is_known():
    weights, x = torch.tensor([1.0, -2.0, 2.0]), torch.randn(5, 3, requires_grad=True)
    torch.testing.assert_close(slope(x @ weights, x), torch.full((5,), 9.0))
    torch.testing.assert_close(slope(x.square().sum(1), x), 4 * x.square().sum(1))


def test_a_penalty_moves_the_weights():
    network, x = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1)), torch.randn(6, 3, requires_grad=True)
    slope(network(x)[:, 0], x).mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters() if p.ndim == 2)


def test_the_estimate_of_a_line_is_exact_in_the_mean():
    """E[(w·ε)²] = ‖w‖² whatever σ is: a penalty of the printed λ is one of γ = 2 λ σ²."""
    weights, x = torch.tensor([1.0, -2.0, 2.0]).double(), torch.zeros(40_000, 3).double()
    noise = torch.randn(40_000, 3, generator=torch.Generator().manual_seed(0)).double()

    def score(samples):
        return samples @ weights

    for distance in (0.01, 1.0):
        found = estimated_slope(score, score(x), x, noise, distance)
        assert found.mean().item() == pytest.approx(9.0, rel=0.03)
    squared = (score(x + 0.01 * noise) - score(x)).square()  # as it is printed elsewhere, with its λ and σ
    torch.testing.assert_close(100 * squared, 0.5 * (2 * 100 * 0.01**2) * estimated_slope(score, score(x), x, noise))


def test_the_estimate_of_a_network_is_near_the_slope():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1)).double()
    x = torch.randn(1, 4).double()

    def score(samples):
        return network(samples)[:, 0]

    with torch.no_grad():
        noise = torch.randn(20_000, 4).double()
        estimate = estimated_slope(score, score(x), x, noise, 1e-3).mean()
    exact = slope(score(x.requires_grad_()), x)
    assert estimate.item() == pytest.approx(exact.item(), rel=0.05)


def test_a_gradient_penalty_is_zero_for_a_slope_of_one():
    unit = torch.tensor([0.6, 0.8])
    real, fake, share = torch.randn(7, 2), torch.randn(7, 2), torch.rand(7)
    assert gradient_penalty(lambda x: x @ unit, real, fake, share) == pytest.approx(torch.zeros(7), abs=1e-10)
    assert gradient_penalty(lambda x: 3 * x @ unit, real, fake, share) == pytest.approx(torch.full((7,), 4.0))


def test_a_flat_discriminator_has_a_finite_gradient():
    flat = nn.Linear(2, 1)
    nn.init.zeros_(flat.weight)
    gradient_penalty(lambda x: flat(x)[:, 0], torch.randn(3, 2), torch.randn(3, 2), torch.rand(3)).mean().backward()
    assert flat.weight.grad.isfinite().all()


def test_the_penalty_looks_between_the_two():
    seen = []
    gradient_penalty(lambda x: (seen.append(x), x.sum(1))[1], torch.ones(4, 2), -torch.ones(4, 2), torch.rand(4))
    assert (seen[0].abs() <= 1).all()
    assert seen[0].std() > 0


def test_weights_are_clipped_in_place():
    network = nn.Linear(5, 5)
    nn.init.uniform_(network.weight, -1, 1)
    clip_weights(network, 0.01)
    assert network.weight.abs().max() <= 0.01
    assert network.weight.requires_grad


def test_the_largest_singular_value_becomes_one():
    network = norm_spectrally(nn.Sequential(nn.Linear(6, 9), nn.Conv2d(3, 5, 3)))
    for _ in range(100):
        network[0](torch.zeros(1, 6))
        network[1](torch.zeros(1, 3, 4, 4))
    for part in network:
        largest = torch.linalg.svdvals(part.weight.detach().flatten(1))[0]
        assert largest.item() == pytest.approx(1, abs=1e-3)
