"""What a vocoder minimises, against the definitions in loops."""

import pytest
import torch

from zaohua.gan.vocoder.discriminators import PERIODS, Discriminators, PeriodDiscriminator, SpectrumDiscriminator
from zaohua.gan.vocoder.losses import feature_matching, mel_loss, resized
from zaohua.nn.mel import MelConfig, log_mel

MEL = MelConfig(rate=8000, n_fft=64, hop=16, bands=16)


def features() -> list[torch.Tensor]:
    return [torch.randn(2, 3, 5), torch.randn(2, 4, 7), torch.randn(2, 2, 3, 3)]


def test_features_are_matched_layer_by_layer():
    real, fake = features(), features()
    total = 0.0
    for of_real, of_fake in zip(real, fake, strict=True):
        pairs = list(zip(of_real.flatten().tolist(), of_fake.flatten().tolist(), strict=True))
        total += sum(abs(a - b) for a, b in pairs) / len(pairs) / 3
    assert feature_matching(real, fake).item() == pytest.approx(total, rel=1e-5)
    assert feature_matching(real, real).item() == 0


def test_features_of_the_real_sound_are_not_moved():
    real, fake = ([x.requires_grad_() for x in features()] for _ in range(2))
    feature_matching(real, fake).backward()
    assert [x.grad is None for x in (*real, *fake)] == [True] * 3 + [False] * 3


def test_the_mel_loss_is_a_mean_over_three_sizes():
    real, fake = torch.randn(2, 640) / 5, torch.randn(2, 640) / 5
    total = 0.0
    for n_fft, bands in ((32, 8), (64, 16), (128, 32)):
        config = MelConfig(8000, n_fft, n_fft // 4, bands)
        total += (log_mel(real, config) - log_mel(fake, config)).abs().mean().item() / 3
    assert mel_loss(real, fake, MEL).item() == pytest.approx(total, rel=1e-5)
    assert mel_loss(real, real, MEL).item() == 0
    assert resized(MEL, 1) == MEL


@pytest.mark.parametrize("period", PERIODS)
def test_a_period_discriminator_sees_every_pth_sample_alone(period: int):
    """Its scores are those of the slower waves, each looked at by itself."""
    torch.manual_seed(0)
    network, wave = PeriodDiscriminator(period, 1 / 16), torch.randn(2, 40 * period)
    scores = network(wave).scores.view(2, period, -1)
    for phase in range(period):
        alone = PeriodDiscriminator(1, 1 / 16)
        alone.load_state_dict(network.state_dict())
        torch.testing.assert_close(alone(wave[:, phase::period]).scores, scores[:, phase], atol=1e-5, rtol=1e-4)


def test_waves_of_any_length_are_judged():
    judges = Discriminators(64, 1 / 16)
    for length in (200, 333):
        scores, layers = judges(wave := torch.randn(3, length), features=True)
        assert len(layers) == sum(len(part.layers) for part in judges.parts)
        assert torch.equal(scores, torch.cat([part(wave).scores for part in judges.parts], 1))
        assert torch.equal(scores, judges(wave))


def test_waves_of_a_batch_do_not_see_each_other():
    torch.manual_seed(0)
    waves = torch.randn(2, 300)
    for network in (PeriodDiscriminator(3, 1 / 16), SpectrumDiscriminator(32, 1 / 8)):
        both, alone = network(waves).scores, network(waves[1:]).scores
        torch.testing.assert_close(both[1:], alone, atol=1e-5, rtol=1e-4)
