"""The losses against their printed definitions, evaluated in loops, and against known optima."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from zaohua.gan.losses import LOSSES, Losses, relativistic

numbers = st.lists(st.floats(-30, 30), min_size=1, max_size=8)
weights = st.tuples(st.floats(0.1, 3), st.floats(0.1, 3))


def mean(values) -> float:
    values = list(values)
    return math.fsum(values) / len(values)


def log_sigmoid(x: float) -> float:
    return -math.log1p(math.exp(-x)) if x > 0 else x - math.log1p(math.exp(x))


def defined(name: str, real: list[float], fake: list[float], a: float, b: float) -> tuple[float, float]:
    """The formulas of §4.2 and of the papers, term by term. log(1 - σ(x)) = log σ(-x). PyTorch cuts softplus off
    beyond 20, which is 2e-9."""
    entropy = -a * mean(log_sigmoid(x) for x in real) - b * mean(log_sigmoid(-x) for x in fake)
    if name == "non_saturating":
        return entropy, -mean(log_sigmoid(x) for x in fake)
    if name == "minimax":
        return entropy, mean(log_sigmoid(-x) for x in fake)
    if name == "least_squares":
        squares = 0.5 * a * mean((x - 1) ** 2 for x in real) + 0.5 * b * mean(x**2 for x in fake)
        return squares, 0.5 * mean((x - 1) ** 2 for x in fake)
    if name == "wasserstein":
        return -a * mean(real) + b * mean(fake), -mean(fake)
    if name == "hinge":
        return a * mean(max(0, 1 - x) for x in real) + b * mean(max(0, 1 + x) for x in fake), -mean(fake)
    pairs = list(zip(real, fake, strict=True))
    return -a * mean(log_sigmoid(x - y) for x, y in pairs), -mean(log_sigmoid(y - x) for x, y in pairs)


@pytest.mark.parametrize("name", LOSSES)
@given(data=st.data(), real=numbers, weights=weights)
def test_losses_are_their_definition(name, data, real, weights):
    fake = data.draw(st.lists(st.floats(-30, 30), min_size=len(real), max_size=len(real)))
    a, b = (weights[0],) * 2 if name == "relativistic" else weights
    got = LOSSES[name](torch.tensor(real, dtype=torch.float64), torch.tensor(fake, dtype=torch.float64), (a, b))
    expected = defined(name, real, fake, a, b)
    assert (got.discriminator.item(), got.generator.item()) == pytest.approx(expected, rel=1e-8, abs=1e-8)


def best_scores(name: str, data: torch.Tensor, made: torch.Tensor) -> torch.Tensor:
    """The discriminator's best answers where both distributions are known: gradient descent on a score a place."""
    scores = torch.zeros(len(data), dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([scores], max_iter=500, tolerance_grad=1e-12, tolerance_change=1e-14)
    counts = (1000 * torch.stack((data, made))).round().long()

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        real, fake = (scores.repeat_interleave(count) for count in counts)
        loss = LOSSES[name](real, fake, (1.0, 1.0)).discriminator
        loss.backward()
        return loss

    optimiser.step(closure)
    return scores.detach()


DATA, MADE = torch.tensor([0.5, 0.3, 0.2]).double(), torch.tensor([0.2, 0.2, 0.6]).double()


def test_cross_entropy_finds_the_log_of_the_ratio():
    """D*(x) = p / (p + q), Goodfellow et al. 2014, proposition 1; the value there is 2 JSD - log 4."""
    scores = best_scores("non_saturating", DATA, MADE)
    assert scores == pytest.approx((DATA / MADE).log(), abs=1e-4)
    middle = (DATA + MADE) / 2
    divergence = ((DATA * (DATA / middle).log()).sum() + (MADE * (MADE / middle).log()).sum()) / 2
    value = (DATA * scores.sigmoid().log()).sum() + (MADE * (-scores).sigmoid().log()).sum()
    assert value.item() == pytest.approx(2 * divergence.item() - math.log(4), abs=1e-6)


def test_least_squares_finds_the_share():
    assert best_scores("least_squares", DATA, MADE) == pytest.approx(DATA / (DATA + MADE), abs=1e-5)


def test_hinge_finds_the_sign():
    """Every score between -1 and 1 that has the sign of p - q is as good as its end (Lim and Ye 2017)."""
    real, fake = torch.ones(3, dtype=torch.float64), -torch.ones(3, dtype=torch.float64)
    assert LOSSES["hinge"](real, fake, (1.0, 1.0)).discriminator == 0


def test_wasserstein_is_the_distance_of_means_for_a_line():
    """Of functions no steeper than 1 on the line, D(x) = x is best between two points; it gives their distance."""
    real, fake = torch.tensor([3.0, 4.0]), torch.tensor([1.0, 1.5])
    assert LOSSES["wasserstein"](real, fake, (1.0, 1.0)).discriminator.item() == pytest.approx(-(3.5 - 1.25))


def test_only_the_difference_counts_for_a_relativistic_loss():
    real, fake = torch.randn(5), torch.randn(5)
    moved = relativistic(real + 7, fake + 7)
    torch.testing.assert_close(Losses(*moved), Losses(*relativistic(real, fake)), atol=1e-5, rtol=1e-5)
    with pytest.raises(ValueError, match="no real and fake term"):
        relativistic(real, fake, (1.0, 0.5))


@pytest.mark.parametrize("name", LOSSES)
def test_the_generator_moves_towards_the_real(name):
    """Its loss falls as the discriminator takes its samples for more real."""
    fake = torch.zeros(4, requires_grad=True)
    LOSSES[name](torch.zeros(4), fake, (1.0, 1.0)).generator.backward()
    assert (fake.grad < 0).all()


def test_a_sure_discriminator_stops_the_minimax_generator_alone():
    """Where D is sure of the fakes, log(1 - D) is flat and -log D steep: why the seed prints the latter."""
    gradients = {}
    for name in ("minimax", "non_saturating"):
        fake = torch.full((1,), -20.0, requires_grad=True)
        LOSSES[name](torch.zeros(1), fake, (1.0, 1.0)).generator.backward()
        gradients[name] = abs(fake.grad.item())
    assert gradients["minimax"] < 1e-8
    assert gradients["non_saturating"] > 0.99
