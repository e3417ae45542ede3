"""Networks from picture to picture: any size, what each place depends on, what a shape says."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from zaohua.gan.translation.networks.layers import Translator, reflected
from zaohua.gan.translation.networks.patches import PatchDiscriminator
from zaohua.gan.translation.networks.resnet import ResNet
from zaohua.gan.translation.networks.unet import UNet

sizes = st.integers(1, 40)


def network(kind: str, inputs: int = 1, outputs: int = 3) -> Translator:
    torch.manual_seed(0)
    return UNet(inputs, outputs, 4, 3, 1) if kind == "unet" else ResNet(inputs, outputs, 4, 2)


@pytest.mark.parametrize("kind", ["unet", "resnet"])
@given(height=sizes, width=sizes)
def test_any_size_goes_in_and_comes_out(kind, height, width):
    with torch.no_grad():
        made = network(kind)(torch.randn(2, 1, height, width))
    assert made.shape == (2, 3, height, width)
    assert made.isfinite().all()


@given(height=sizes, width=sizes, multiple=st.sampled_from([1, 2, 4, 16]), least=st.integers(1, 3))
def test_reflected_goes_on_as_in_a_mirror(height, width, multiple, least):
    x = torch.arange(height * width, dtype=torch.float32).view(1, 1, height, width)
    grown = reflected(x, multiple, least)
    for size, side in zip(grown.shape[-2:], (height, width), strict=True):
        assert size % multiple == 0
        assert size == max(least * multiple, -(-side // multiple) * multiple)

    def mirror(place: int, side: int) -> int:
        while not 0 <= place < side:
            place = -place if place < 0 else 2 * (side - 1) - place
        return place

    for row in range(grown.shape[-2]):
        for column in range(0, grown.shape[-1], 3):
            wanted = x[0, 0, mirror(row, height) if height > 1 else 0, mirror(column, width) if width > 1 else 0]
            assert grown[0, 0, row, column] == wanted


@pytest.mark.parametrize("kind", ["unet", "resnet"])
def test_every_parameter_learns_and_every_pixel_of_the_input_counts(kind):
    net, x = network(kind), torch.randn(1, 1, 16, 16, requires_grad=True)
    for parameter in net.parameters():
        parameter.data += 0.01 * torch.randn_like(parameter)  # the blocks begin as nothing
    net(x).square().mean().backward()
    assert (x.grad != 0).all()
    for name, parameter in net.named_parameters():
        assert parameter.grad.abs().max() > 0, name


@pytest.mark.parametrize("shade", [-1.0, 0.0, 1.0])
def test_a_blank_picture_has_no_steeper_gradient_than_another(shade):
    """A norm over one channel alone would divide by a spread of nothing."""
    torch.manual_seed(0)
    net = ResNet(3, 3, 16, 4)
    steepest = []
    for x in (torch.full((1, 3, 32, 32), shade), torch.rand(1, 3, 32, 32) * 2 - 1):
        net.zero_grad()
        net(x).abs().mean().backward()
        steepest.append(max(p.grad.norm().item() for p in net.parameters()))
    assert steepest[0] < 10 * steepest[1]


@pytest.mark.parametrize("inputs", [1, 3, 4])
@pytest.mark.parametrize("outputs", [1, 3, 4])
def test_a_unet_begins_as_a_copy(inputs, outputs):
    """What PIL would make of the same picture, so far as grey is a mean."""
    x = torch.rand(2, 1, 9, 7).repeat(1, 3, 1, 1) * 2 - 1  # grey: the same in every channel
    opaque = torch.ones(2, 1, 9, 7)
    kinds = {1: x[:, :1], 3: x, 4: torch.cat((x, opaque), 1)}
    made = UNet(inputs, outputs, 4, 2, 1)(kinds[inputs])
    torch.testing.assert_close(made, kinds[outputs])


def test_a_unet_has_its_edges_from_the_skips():
    """Without what comes over the skips, the finest stage cannot tell where in its 2 × 2 a dot was."""
    net = network("unet")
    dots = torch.zeros(2, 1, 16, 16)
    dots[0, 0, 8, 8] = dots[1, 0, 9, 9] = 4.0  # of one 2 × 2 cell
    fine = net.stages(dots)[0]
    assert not torch.allclose(fine[0], fine[1])
    made = net(dots)
    assert not torch.allclose(made[0], made[1])


@pytest.mark.parametrize("kind", ["unet", "resnet"])
def test_stages_are_given_from_fine_to_coarse(kind):
    sides = [features.shape[-1] for features in network(kind).stages(torch.randn(1, 1, 32, 32))]
    assert sides == ([32, 16, 8, 4] if kind == "unet" else [32, 16, 8, 8, 8])


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_a_score_depends_on_its_surroundings_alone(layers):
    torch.manual_seed(0)
    judge, x = PatchDiscriminator(3, 0, 4, layers), torch.randn(1, 3, 64, 64, requires_grad=True)
    scores = judge(x)
    assert scores.shape == (1, 64 >> layers, 64 >> layers)
    middle = (64 >> layers) // 2
    (gradient,) = torch.autograd.grad(scores[0, middle, middle], x)
    rows = torch.nonzero(gradient.abs().sum((0, 1, 3)))[:, 0]
    seen = int(rows[-1] - rows[0]) + 1
    assert 2 ** (layers + 1) < seen <= 2 ** (layers + 3)
    assert seen < 64


def test_a_conditional_judge_looks_at_what_the_picture_was_made_from():
    torch.manual_seed(0)
    judge, x = PatchDiscriminator(3, 1, 4, 2), torch.randn(2, 3, 16, 16)
    one, other = (judge(x, torch.randn(2, 1, 16, 16)) for _ in range(2))
    assert not torch.allclose(one, other)
