"""Losses against their definitions in loops, and against known values."""

import math

import pytest
import torch
import torch.nn.functional as F

from zaohua.gan.translation.losses import feature_distance, l1, patch_nce


def test_l1_in_loops():
    made, wanted = torch.randn(2, 2, 3, 3).double(), torch.randn(2, 2, 3, 3).double()
    total = sum(
        abs(made[b, c, y, x].item() - wanted[b, c, y, x].item())
        for b in range(2)
        for c in range(2)
        for y in range(3)
        for x in range(3)
    )
    assert l1(made, wanted).item() == pytest.approx(total / 36)


def test_patch_nce_in_loops():
    torch.manual_seed(0)
    queries, keys = (F.normalize(torch.randn(3, 5, 4).double(), dim=2) for _ in range(2))
    total = 0.0
    for picture in range(3):
        for place in range(5):
            products = [queries[picture, place] @ keys[picture, other] / 0.07 for other in range(5)]
            total -= math.log(math.exp(products[place]) / sum(map(math.exp, products)))
    assert patch_nce(queries, keys, 0.07).item() == pytest.approx(total / 15)


def test_patch_nce_of_a_guess_and_of_certainty():
    same = F.normalize(torch.ones(1, 8, 4), dim=2)
    assert patch_nce(same, same, 0.07).item() == pytest.approx(math.log(8), rel=1e-5)
    apart = torch.eye(8)[None]
    assert patch_nce(apart, apart, 0.07).item() < 1e-4
    assert patch_nce(apart.roll(1, 1), apart, 0.07).item() > 10


def test_feature_distance_in_loops():
    made, real = ([torch.randn(2, 3, side, side) for side in (4, 2)] for _ in range(2))
    wanted = sum((one - other).abs().sum().item() / one.numel() for one, other in zip(made, real, strict=True)) / 2
    assert feature_distance(made, real).item() == pytest.approx(wanted, rel=1e-5)
