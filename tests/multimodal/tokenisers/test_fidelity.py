"""What a decoder learns from beside a discriminator, and before it."""

import pytest
import torch
from torch import nn

from zaohua.gan.adversarial import Batch, Duel
from zaohua.gan.config import AugmentConfig, RegulariserConfig
from zaohua.multimodal.tokenisers.config import TokeniserLossConfig
from zaohua.multimodal.tokenisers.fidelity import Fidelity, gradient_distance
from zaohua.training.task import Draw


class Scale(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(0.5))

    def forward(self, x, condition=None):
        return x * self.factor


class Judge(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(1, 1, 3)

    def forward(self, x, condition=None):
        return self.layer(x)[:, 0]


def made(progress: float) -> tuple[Duel, Batch, Draw]:
    torch.manual_seed(0)
    loss, rule = TokeniserLossConfig(begin=0.5), RegulariserConfig(kind="none")
    duel = Duel(
        Scale(),
        Judge(),
        loss,
        rule,
        AugmentConfig(),
        gamma=1.0,
        distort=lambda x, *_: x,
        beside=Fidelity(loss),
        begin=0.5,
    )
    x = torch.randn(2, 1, 8, 8)
    return duel, Batch(x, None, x), Draw(1, 0, 0, torch.arange(2), torch.device("cpu"), progress)


def test_before_it_begins_the_discriminator_does_not_move_and_the_generator_only_copies():
    duel, batch, draw = made(0.49)
    loss, numbers = duel.discriminator_loss(batch, draw)
    loss.backward()
    assert numbers == {}
    assert all(parameter.grad is None for parameter in duel.discriminator.parameters())
    total, numbers = duel.generator_loss(batch, draw)
    assert set(numbers) == {"l1", "gradient"}
    total.backward()
    assert all(parameter.grad is None for parameter in duel.discriminator.parameters())
    assert total.item() == pytest.approx(50 * numbers["l1"].item() + 25 * numbers["gradient"].item(), rel=1e-5)


def test_once_it_has_begun_both_learn():
    duel, batch, draw = made(0.5)
    duel.discriminator_loss(batch, draw)[0].backward()
    assert all(parameter.grad is not None for parameter in duel.discriminator.parameters())
    total, numbers = duel.generator_loss(batch, draw)
    assert total.item() == pytest.approx(
        numbers["adversarial"].item() + 50 * numbers["l1"].item() + 25 * numbers["gradient"].item(), rel=1e-5
    )


def test_the_gradient_distance_by_its_definition():
    """Both pictures made smaller, each one's neighbours subtracted, the differences compared; in loops over scales."""
    one, other = torch.randn(2, 2, 3, 8, 8).double()
    total = 0.0
    for scale in (1, 2, 4):
        small = [x.unfold(2, scale, scale).unfold(3, scale, scale).mean((-1, -2)) for x in (one, other)]
        across = [x[..., 1:] - x[..., :-1] for x in small]
        down = [x[..., 1:, :] - x[..., :-1, :] for x in small]
        total += ((across[0] - across[1]).abs().mean() + (down[0] - down[1]).abs().mean()) / 3
    torch.testing.assert_close(gradient_distance(one, other), total)


def test_a_shift_of_brightness_is_no_gradient():
    x = torch.randn(1, 3, 16, 16)
    assert gradient_distance(x + 0.3, x) == pytest.approx(0, abs=1e-6)
