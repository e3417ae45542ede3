"""Mel spectrograms beside librosa's, and the way back."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from zaohua.nn.mel import LOG_FLOOR, MelConfig, filterbank, griffin_lim, log_mel, magnitudes, usual


@pytest.fixture(scope="module")
def librosa():
    return pytest.importorskip("librosa", reason="librosa is not installed")


@pytest.mark.parametrize("scale", ["slaney", "htk"])
@pytest.mark.parametrize(
    ("rate", "n_fft", "bands", "low", "high"),
    [(8000, 256, 64, 0, 0), (16000, 512, 80, 20, 7600), (22050, 1024, 80, 0, 8000), (48000, 2048, 128, 40, 0)],
)
def test_bands_are_those_of_librosa(librosa, scale, rate, n_fft, bands, low, high):
    wanted = librosa.filters.mel(
        sr=rate, n_fft=n_fft, n_mels=bands, fmin=low, fmax=high or None, htk=scale == "htk", dtype=np.float64
    )
    np.testing.assert_allclose(filterbank(rate, n_fft, bands, low, high, scale), wanted, atol=1e-7, rtol=1e-5)


@pytest.mark.parametrize("config", [usual(8000), MelConfig(16000, 512, 128, 40, 50.0, 7000.0, "htk")])
def test_spectrograms_are_those_of_librosa(librosa, config: MelConfig):
    length = 4321
    wave = torch.randn(1, length, generator=torch.Generator().manual_seed(0)) / 10
    beside = (config.n_fft - config.hop) // 2
    wanted = librosa.feature.melspectrogram(
        y=np.pad(wave[0].numpy(), (beside, beside - length % -config.hop)),
        sr=config.rate,
        n_fft=config.n_fft,
        hop_length=config.hop,
        n_mels=config.bands,
        fmin=config.low,
        fmax=config.high or None,
        htk=config.scale == "htk",
        center=False,
        power=1.0,
    )
    np.testing.assert_allclose(log_mel(wave, config)[0], np.log(np.maximum(wanted, 1e-5)), atol=1e-4)


@given(st.sampled_from([8000, 11025, 16000, 22050, 24000, 44100, 48000]))
def test_every_usual_band_hears_something(rate: int):
    config = usual(rate)
    assert config.n_fft == 4 * config.hop
    assert (filterbank(rate, config.n_fft, config.bands).sum(1) > 0).all()


def test_spectrograms_are_exact_where_networks_compute_in_half_precision():
    config, wave = usual(8000), torch.randn(1, 800) / 10
    with torch.autocast("cpu", torch.bfloat16):
        found = log_mel(wave, config)
    assert torch.equal(found, log_mel(wave, config))


def test_silence_is_the_floor_everywhere():
    config = usual(8000)
    assert log_mel(torch.zeros(1, 640), config).unique().item() == pytest.approx(LOG_FLOOR)


def test_magnitudes_that_fit_the_bands_are_found_and_none_is_negative():
    config = usual(8000)
    time = torch.arange(8000) / 8000
    wave = sum(torch.sin(2 * math.pi * 150 * k * time) / k for k in range(1, 12))[None] / 10
    mel = log_mel(wave, config)
    found = magnitudes(mel, config)
    assert (found >= 0).all()
    back = (filterbank(8000, config.n_fft, config.bands) @ found).clamp(min=1e-5).log()
    assert (back - mel).abs().mean() < 0.02


def test_griffin_lim_finds_a_wave_that_sounds_like_the_spectrogram():
    config = usual(8000)
    time = torch.arange(4000) / 8000
    wave = torch.sin(2 * math.pi * (300 + 400 * time) * time)[None] / 3
    mel = log_mel(wave, config)
    found = griffin_lim(magnitudes(mel, config), config.hop)
    assert found.shape == (1, mel.shape[2] * config.hop)
    loud = mel > LOG_FLOOR / 2
    distances = [(log_mel(x, config) - mel).abs()[loud].mean() for x in (found, torch.randn_like(found) / 5)]
    assert distances[0] < 0.2 * distances[1]


def test_a_bank_that_was_first_used_without_gradients_serves_training():
    config, wave = MelConfig(8000, 68, 17, 11), torch.randn(1, 400, requires_grad=True)
    with torch.inference_mode():
        log_mel(torch.zeros(1, 400), config)
    log_mel(wave, config).sum().backward()
    assert wave.grad.abs().sum() > 0
