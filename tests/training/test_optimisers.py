"""Grouping of parameters by name, and the optimisers' memory."""

import pytest
import torch
from torch import nn

from zaohua.errors import UsageError
from zaohua.training.config import GroupConfig, TrainConfig
from zaohua.training.optimisers import build


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8), nn.Linear(8, 3))


def config(**settings) -> TrainConfig:
    return TrainConfig(**{"learning_rate": 0.01, "muon_learning_rate": 0.02, "weight_decay": 0.1} | settings)


def groups(optimiser) -> dict[str, tuple[str, float, float]]:
    return {
        optimiser.names[p]: (type(part).__name__, group["lr"], group["weight_decay"])
        for part in optimiser.parts
        for group in part.param_groups
        for p in group["params"]
    }


def test_muon_takes_the_named_matrices_and_adamw_the_rest():
    found = groups(build(dict(network().named_parameters()), config(), matrices=["0.weight"]))
    assert found["0.weight"] == ("Muon", 0.02, 0.1)
    assert found["2.weight"] == ("AdamW", 0.01, 0.1)
    assert found["1.weight"] == ("AdamW", 0.01, 0.0), "gains are not decayed"
    assert len(found) == 6


def test_the_last_matching_pattern_wins():
    patterns = [
        GroupConfig(pattern="weight", lr_scale=0.5),
        GroupConfig(pattern=r"^2\.", lr_scale=0.1, weight_decay=0.3),
    ]
    found = groups(build(dict(network().named_parameters()), config(optimiser="adamw", groups=patterns)))
    assert found["0.weight"][1:] == (pytest.approx(0.005), 0.1)
    assert found["2.bias"][1:] == (pytest.approx(0.001), 0.3)
    assert found["0.bias"][1:] == (0.01, 0.0)


def test_a_pattern_that_matches_nothing_is_refused():
    with pytest.raises(UsageError, match="attention"):
        build(dict(network().named_parameters()), config(groups=[GroupConfig(pattern="attention")]))


def test_memory_goes_out_and_comes_back():
    def take_steps(optimiser, model, count):
        for index in range(count):
            optimiser.zero_grad()
            model(torch.full((2, 4), float(index + 1))).square().sum().backward()
            optimiser.step()

    one, other = network(), network()
    first = build(dict(one.named_parameters()), config(), matrices=["0.weight", "2.weight"])
    take_steps(first, one, 3)
    second = build(dict(other.named_parameters()), config(), matrices=["0.weight", "2.weight"])
    other.load_state_dict(one.state_dict())
    saved = first.state_tensors()
    second.make_state({key: value.shape for key, value in saved.items()})
    for key, value in second.state_tensors().items():
        value.copy_(saved[key])
    take_steps(first, one, 2)
    take_steps(second, other, 2)
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)
