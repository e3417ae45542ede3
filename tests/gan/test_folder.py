"""Folders of GANs: several networks, norms, and what is refused."""

import pytest
import torch
from torch import nn

from zaohua.errors import ZaohuaError
from zaohua.gan.folder import load_network, read_gan, save_gan
from zaohua.gan.regularisers import norm_spectrally


def network(width: int = 4) -> nn.Module:
    return nn.Sequential(nn.Linear(3, width), nn.BatchNorm1d(width), nn.Linear(width, 1))


def test_every_network_comes_back_from_a_file_of_its_own(tmp_path):
    torch.manual_seed(0)
    generator, judge = network().double(), norm_spectrally(network(5))
    generator(torch.randn(8, 3).double())  # so that its norm has seen something
    states = {"generator": generator.state_dict(), "judge": judge.state_dict()}
    save_gan(tmp_path / "m", {"model_type": "zaohua_test", "size": 3}, states, "a card")
    assert {path.name for path in (tmp_path / "m").iterdir()} == {
        "config.json",
        "model.safetensors",
        "judge.safetensors",
        "README.md",
    }
    assert read_gan(tmp_path / "m", "zaohua_test").whole("size") == 3
    x = torch.randn(5, 3)
    opened = load_network(tmp_path / "m", network)
    torch.testing.assert_close(opened(x), generator.eval()(x.double()).float())
    again = load_network(tmp_path / "m", lambda: norm_spectrally(network(5)), "judge")
    torch.testing.assert_close(again(x), judge.eval()(x))


def test_other_kinds_and_missing_networks_are_one_line(tmp_path):
    save_gan(tmp_path / "m", {"model_type": "zaohua_test"}, {"generator": network().state_dict()})
    with pytest.raises(ZaohuaError, match="zaohua_other"):
        read_gan(tmp_path / "m", "zaohua_other")
    with pytest.raises(ZaohuaError, match=r"judge\.safetensors"):
        load_network(tmp_path / "m", network, "judge")
    with pytest.raises(ZaohuaError, match="shape"):
        load_network(tmp_path / "m", lambda: network(6))
    with pytest.raises(ZaohuaError, match=r"nowhere"):
        read_gan(tmp_path / "nowhere", "zaohua_test")
