"""What a step costs, against counting by hand and against PyTorch's own counter over a real step."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from zaohua.gan.adversarial import Batch, Duel
from zaohua.gan.config import AdversarialTrainConfig, AugmentConfig, LossConfig, RegulariserConfig
from zaohua.gan.costs import look_at, step_flops, training_bytes
from zaohua.gan.networks.shape import build_discriminator, build_generator, shape
from zaohua.training.task import Draw


def test_a_look_counts_products_and_leaves_the_module_as_it_was():
    module = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2))
    seen, output = look_at(module, torch.zeros(1, 3))
    assert (seen.parameters, seen.flops, seen.activations) == (32, 2 * (15 + 10), 5 + 5 + 2)
    assert output.shape == (1, 2)
    assert module.training
    assert not module[0]._forward_hooks


@pytest.mark.parametrize("loss", ["relativistic", "hinge"])
@pytest.mark.parametrize("kind", ["zero_centred", "r1", "none"])
def test_a_step_costs_about_what_the_counter_sees(loss, kind):
    form = shape("nano", 16, 3, latent=8, generator_width=0.3, discriminator_width=0.3)
    generator, discriminator = build_generator(form), build_discriminator(form)
    rule, train = RegulariserConfig(kind=kind, every=1), AdversarialTrainConfig()
    duel = Duel(generator, discriminator, LossConfig(kind=loss), rule, AugmentConfig(), 1.0, lambda x, keys, s: x)
    batch = Batch(torch.randn(4, 3, 16, 16), None, torch.randn(4, 8))
    draw = Draw(1, 0, 0, torch.arange(4), torch.device("cpu"))
    counted = []
    for trained, lost in ((discriminator, duel.discriminator_loss), (generator, duel.generator_loss)):
        for network in (generator, discriminator):
            network.requires_grad_(network is trained)
        with FlopCounterMode(display=False) as counter:
            lost(batch, draw)[0].backward()
        counted.append(counter.get_total_flops())
    looks = look_at(generator, batch.latent[:1])[0], look_at(discriminator, batch.real[:1])[0]
    estimate = 4 * step_flops(*looks, duel.loss, rule, train)
    assert estimate == pytest.approx(sum(counted), rel=0.2)


def test_a_larger_batch_takes_more_memory():
    seen, _ = look_at(nn.Linear(3, 5), torch.zeros(1, 3))
    assert training_bytes(seen, seen, 8) > training_bytes(seen, seen, 4) > 4 * 5 * 2 * seen.parameters
