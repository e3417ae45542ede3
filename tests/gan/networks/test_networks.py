"""Every network at every size: shapes, gradients everywhere, classes that matter, signals that neither die nor grow."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from zaohua.gan.images.config import PictureModelConfig
from zaohua.gan.networks.convnet import pixel_norm
from zaohua.gan.networks.shape import NETWORKS, build_discriminator, build_generator, shape


@pytest.mark.parametrize("size", [16, 32, 64])
@pytest.mark.parametrize("classes", [0, 5])
@pytest.mark.parametrize("network", NETWORKS)
def test_pictures_come_and_scores_go(network, classes, size):
    torch.manual_seed(0)
    form = shape(network, size, 3, classes=classes, latent=8, blocks=1, generator_width=0.25, discriminator_width=0.25)
    generator, discriminator = build_generator(form), build_discriminator(form)
    z, labels = torch.randn(6, 8), torch.arange(6) % 5 if classes else None
    pictures = generator(z, labels)
    scores = discriminator(pictures, labels)
    assert (pictures.shape, scores.shape) == ((6, 3, size, size), (6,))
    assert 0.005 < pictures.std() < 5
    scores.square().sum().backward()
    for module in (generator, discriminator):
        for name, parameter in module.named_parameters():
            assert parameter.grad is not None, name
            begins_at_zero = network != "dcgan" and ".blocks." in name  # what comes before a zero has no gradient yet
            assert parameter.grad.abs().sum() > 0 or begins_at_zero, name


@pytest.mark.parametrize("network", NETWORKS)
def test_a_class_changes_picture_and_score(network):
    torch.manual_seed(0)
    form = shape(network, 16, 1, classes=3, latent=8, generator_width=0.5, discriminator_width=0.5)
    generator, discriminator = build_generator(form), build_discriminator(form)
    z = torch.randn(1, 8).expand(3, -1)
    first, second = generator(z, torch.tensor([0, 1, 1])), generator(z, torch.tensor([0, 2, 1]))
    assert torch.allclose(first[2], second[2], atol=1e-6) or network == "dcgan"  # whose norm looks at the whole batch
    assert not torch.allclose(first[1], second[1], atol=1e-3)
    pictures = torch.randn(3, 1, 16, 16)
    one, other = discriminator(pictures, torch.tensor([0, 1, 1])), discriminator(pictures, torch.tensor([0, 2, 1]))
    assert one[1] != other[1]


def test_classes_with_starts_of_their_own_differ_more_and_mix():
    """By what they begin from and not by the latent vector alone; signals keep their size; a mixture lies between."""
    torch.manual_seed(0)
    apart, sizes = [], []
    for own in (False, True):
        generator = build_generator(shape("nano", 16, 1, classes=4, latent=8, own_start=own))
        z = torch.zeros(4, 8)
        with torch.no_grad():
            generator.from_latent.bias.normal_()
            generator.classes.weight.zero_()  # nothing is said of the class but by the start
            made = generator(z, torch.arange(4))
            torch.testing.assert_close(generator(z, torch.eye(4)), made)
        apart.append((made - made.mean(0)).std())
        sizes.append(made.std())
    assert apart[0] < 1e-6 < 0.1 < apart[1]
    assert 0.3 < sizes[1] / sizes[0] < 3
    with pytest.raises(ValueError, match="own_start"):
        PictureModelConfig(network="dcgan32", own_start=True)


@pytest.mark.parametrize("size", [16, 64, 256])
def test_a_plain_network_keeps_the_size_of_its_signals(size):
    torch.manual_seed(0)
    form = shape("nano", size, 3, blocks=1)
    with torch.no_grad():
        pictures = build_generator(form)(torch.randn(8, 64))
        scores = build_discriminator(form)(torch.randn(32, 3, size, size))
    assert 0.1 < pictures.std() < 10
    assert 0.001 < scores.std() < 10  # of noise, which pooling evens out


def test_costs_are_those_of_the_notes():
    """Millions of multiplications a picture, so that a width changed by mistake is seen."""
    from torch.utils.flop_counter import FlopCounterMode

    form, found = shape("nano", 32, 1), []
    for build, inputs in ((build_generator, torch.randn(1, 64)), (build_discriminator, torch.randn(1, 1, 32, 32))):
        with FlopCounterMode(display=False) as counter:
            build(form)(inputs)
        found.append(counter.get_total_flops() / 2e6)
    assert found == [pytest.approx(15, abs=1.5), pytest.approx(11, abs=1.5)]


@pytest.mark.parametrize("size", [16, 64])
def test_the_latent_vector_is_heard_at_the_start(size):
    """What differs between pictures is no small part of what they show, or they soon become one."""
    torch.manual_seed(0)
    with torch.no_grad():
        pictures = build_generator(shape("nano", size, 3))(torch.randn(64, 64))
    shared = pictures.mean(0).square().mean()
    assert pictures.var(0).mean() > shared / 3


@given(st.integers(1, 9), st.floats(0.01, 100))
def test_pixel_norm_makes_the_channels_mean_square_one(channels, loud):
    x = loud * (0.5 + torch.rand(2, channels, 3, 3))
    torch.testing.assert_close(pixel_norm(x).square().mean(1), torch.ones(2, 3, 3), rtol=1e-3, atol=1e-3)
