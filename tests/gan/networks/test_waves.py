"""Networks of waves."""

import pytest
import torch

from zaohua.gan.networks.waves import WaveDiscriminator, WaveGenerator, wave_shape


@pytest.mark.parametrize("length", [1024, 4000, 8192])
@pytest.mark.parametrize("classes", [0, 3])
def test_any_length_with_and_without_classes(length, classes):
    form = wave_shape(length, latent=8, classes=classes, generator_width=0.25, discriminator_width=0.25)
    labels = torch.arange(5) % 3 if classes else None
    made = WaveGenerator(form)(torch.randn(5, 8), labels)
    assert made.shape == (5, length)
    assert made.abs().max() < 1
    assert WaveDiscriminator(form)(made, labels).shape == (5,)


def test_signals_keep_their_size_at_the_start():
    torch.manual_seed(0)
    form = wave_shape(4096, latent=64, classes=0)
    made = WaveGenerator(form)(torch.randn(16, 64))
    assert 0.1 < made.std() < 0.9
    scores = WaveDiscriminator(form)(made)
    assert 0.01 < scores.std() < 10


def test_classes_change_what_is_made_and_what_is_said():
    torch.manual_seed(0)
    form = wave_shape(1024, latent=8, classes=2, generator_width=0.25, discriminator_width=0.25)
    generator, discriminator = WaveGenerator(form), WaveDiscriminator(form)
    z, (no, yes) = torch.randn(4, 8), torch.tensor([[0] * 4, [1] * 4])
    assert not torch.allclose(generator(z, no), generator(z, yes))
    wave = generator(z, no)
    assert not torch.allclose(discriminator(wave, no), discriminator(wave, yes))
