"""Sound as the networks see it, and back."""

import numpy as np
import pytest
import torch
from sounding import sounded

from zaohua.gan.sounds.forms import SpectrumForm, WaveForm, spectrum_form, stacked
from zaohua.nn.mel import log_mel

RATE, LENGTH = 8000, 4096
HAAR = torch.tensor([[1, 1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]]) / 2.0


@pytest.fixture(scope="module")
def waves() -> torch.Tensor:
    return stacked([torch.from_numpy(sounded(seed, 0.5, RATE)) for seed in range(8)], LENGTH)


def test_shorter_sounds_end_in_silence(waves):
    assert waves.shape == (8, LENGTH)
    assert not waves[:, 4000:].any()
    assert torch.equal(waves[3, :4000], torch.from_numpy(sounded(3, 0.5, RATE)))


@pytest.mark.parametrize("size", [32, 64])
def test_a_spectrum_is_a_picture_between_silence_and_the_loudest(waves, size):
    form = spectrum_form(waves, RATE, size)
    seen = form.encode(waves)
    assert seen.shape == (8, 4, size // 2, size // 2)
    assert form.blank().shape == seen.shape[1:]
    values = torch.einsum("ij,bjhw->bihw", torch.linalg.inv(HAAR), seen)
    assert values.max().item() == pytest.approx(1, abs=1e-5)
    assert values.min().item() == pytest.approx(-1, abs=1e-5)
    assert torch.allclose(form.encode(torch.zeros(1, LENGTH)), form.blank()[None])
    assert torch.allclose(seen.square().sum(), values.square().sum()), "wavelets keep lengths, so gamma means the same"


def test_what_is_heard_is_the_log_mel_spectrogram_down_to_silence(waves):
    form = spectrum_form(waves, RATE, 64)
    exact = log_mel(waves, form.mel)
    floor = exact.max() - 60 * np.log(10) / 20
    assert torch.allclose(form.heard(form.encode(waves)), exact.clamp(min=floor), atol=1e-4)


def test_a_spectrum_becomes_a_wave_of_about_that_spectrum(waves):
    """Griffin-Lim finds phases: another wave, of the same spectrum but for a few decibels in what is loud."""
    form = spectrum_form(waves, RATE, 64)
    made = form.decode(form.encode(waves))
    assert made.shape == waves.shape
    wanted, found = form.heard(form.encode(waves)), form.heard(form.encode(made))
    loud = wanted > wanted.amax((1, 2), keepdim=True) - 30 * np.log(10) / 20
    error = (wanted - found).abs()[loud].mean().item() * 20 / np.log(10)
    assert error < 2.5, "decibels"


def test_a_wave_is_itself(waves):
    form = WaveForm(RATE, LENGTH)
    assert form.encode(waves) is waves
    assert form.decode(waves) is waves
    assert form.blank().shape == (LENGTH,)
    assert form.heard(waves).shape == (8, 64, 64)


def test_bands_can_be_told_apart_in_short_sounds():
    """A frame spans enough frequencies for the bands, however short the hop."""
    mel = SpectrumForm(8000, 2048, 128, 1.0).mel
    assert (mel.hop, mel.n_fft, mel.bands) == (16, 512, 128)
