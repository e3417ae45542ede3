"""The networks: padding by its definition, parameters as published, and what the published weights see."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from zaohua.judges.networks import efficientnet_lite, inception
from zaohua.judges.networks.efficientnet_lite import EfficientNetLite0
from zaohua.judges.networks.inception import Inception, resized_as_then
from zaohua.judges.networks.small_cnn import SmallCnn
from zaohua.nn.blank import Blank
from zaohua.nn.convolution import SameConv2d


@given(st.integers(3, 12), st.integers(3, 12), st.sampled_from([1, 3, 5]), st.integers(1, 2))
def test_same_padding_is_tensorflow_s(height, width, kernel, stride):
    conv = SameConv2d(1, 1, kernel, stride, bias=False)
    torch.nn.init.ones_(conv.weight)
    x = torch.rand(1, 1, height, width)
    found = conv(x)
    assert found.shape[-2:] == (math.ceil(height / stride), math.ceil(width / stride))
    for row in range(found.shape[2]):
        for column in range(found.shape[3]):
            corner = []
            for place, side, outputs in ((row, height, found.shape[2]), (column, width, found.shape[3])):
                before = max((outputs - 1) * stride + kernel - side, 0) // 2
                corner.append(place * stride - before)
            seen = x[0, 0, max(0, corner[0]) : corner[0] + kernel, max(0, corner[1]) : corner[1] + kernel]
            assert found[0, 0, row, column].item() == pytest.approx(seen.sum().item(), abs=1e-5)


def parameters(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_parameters_are_as_published():
    with Blank():
        assert parameters(EfficientNetLite0()) == 4_652_008
        # 23,834,568 with 1,000 classes and without the auxiliary head; 8 classes more
        assert parameters(Inception()) == 23_834_568 + 8 * 2049


def test_the_file_s_names_become_ours():
    with Blank():
        efficientnet, other = EfficientNetLite0().state_dict(), Inception().state_dict()
    for name, wanted in (("_blocks.1._bn0.running_mean", 96), ("_bn1.bias", 1280), ("_fc.bias", 1000)):
        assert efficientnet[efficientnet_lite.renamed(name)].shape == (wanted,)
    for name, wanted in (
        ("Conv2d_1a_3x3.conv.weight", (32, 3, 3, 3)),
        ("Mixed_5b.branch_pool.bn.bias", (32,)),
        ("Mixed_6c.branch7x7dbl_5.conv.weight", (192, 160, 1, 7)),
        ("Mixed_7c.branch3x3dbl_3b.conv.weight", (384, 384, 3, 1)),
        ("fc.weight", (1008, 2048)),
    ):
        assert other[inception.renamed(name)].shape == wanted


@torch.no_grad()
def test_inception_has_the_sides_of_the_original():
    module = Inception().eval()
    sides = {}
    for name in ("Mixed_5b", "Mixed_6a", "Mixed_7c"):
        module.parts[name].register_forward_hook(
            lambda _, inputs, output, name=name: sides.update({name: (inputs[0].shape[1:], output.shape[1:])})
        )
    features, logits = module(torch.rand(1, 3, 299, 299))
    assert features.shape == (1, 2048)
    assert logits.shape == (1, 1008)
    assert sides == {
        "Mixed_5b": ((192, 35, 35), (256, 35, 35)),
        "Mixed_6a": ((288, 35, 35), (768, 17, 17)),
        "Mixed_7c": ((2048, 8, 8), (2048, 8, 8)),
    }


@given(st.integers(2, 7), st.integers(3, 9))
def test_resizing_as_then_is_its_definition(size, side):
    x = torch.rand(1, 1, size, size, dtype=torch.float32)
    found = resized_as_then(x, side)

    def at(row: float, column: float) -> float:
        low = int(row), int(column)
        high = [min(place + 1, size - 1) for place in low]
        up, left = row - low[0], column - low[1]
        top = (1 - left) * x[0, 0, low[0], low[1]] + left * x[0, 0, low[0], high[1]]
        bottom = (1 - left) * x[0, 0, high[0], low[1]] + left * x[0, 0, high[0], high[1]]
        return float((1 - up) * top + up * bottom)

    for row in range(side):
        for column in range(side):
            assert found[0, 0, row, column].item() == pytest.approx(
                at(row * size / side, column * size / side), abs=1e-4
            )


@pytest.mark.parametrize("side", [16, 32, 64])
def test_a_small_classifier_takes_pictures_of_any_side_and_begins_as_its_seed_says(side):
    module = SmallCnn(3, 4, seed=1)
    features, logits = module(torch.rand(2, 3, side, side))
    assert features.shape == (2, 128)
    assert logits.shape == (2, 4)
    assert torch.equal(SmallCnn(3, 4, seed=1).classifier.weight, module.classifier.weight)
    assert not torch.equal(SmallCnn(3, 4, seed=2).classifier.weight, module.classifier.weight)
    assert torch.equal(F.linear(features, module.classifier.weight, module.classifier.bias), logits)
