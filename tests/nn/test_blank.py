"""Blank modules: the same shapes, no drawing, and everything as usual outside."""

import pytest
import torch
from torch import nn

from zaohua.nn.blank import Blank


@pytest.mark.parametrize(
    "make", [lambda: nn.Linear(7, 5), lambda: nn.Embedding(5, 3), lambda: nn.Conv2d(3, 4, 3), lambda: nn.LayerNorm(6)]
)
def test_has_the_shapes_of_the_module_and_draws_nothing(make):
    torch.manual_seed(0)
    with Blank():
        blank = make()
    after = torch.rand(3)
    torch.manual_seed(0)
    assert torch.equal(after, torch.rand(3))  # the generator was not moved
    usual = make()
    assert {k: v.shape for k, v in blank.state_dict().items()} == {k: v.shape for k, v in usual.state_dict().items()}
    blank.load_state_dict(usual.state_dict(), assign=True)
    assert all(torch.equal(a, b) for a, b in zip(blank.parameters(), usual.parameters(), strict=True))


def test_other_operations_work_within():
    with Blank():
        assert torch.equal(torch.ones(2) + torch.zeros(2), torch.ones(2))
