"""What each method asks of its networks, beside the adversarial loss, against its definition."""

import pytest
import torch
import torch.nn.functional as F

from zaohua.gan.adversarial import Batch, Duel
from zaohua.gan.config import AugmentConfig, RegulariserConfig
from zaohua.gan.losses import LOSSES
from zaohua.gan.translation.config import TranslationLossConfig, TranslationModelConfig
from zaohua.gan.translation.heads import Heads, drawn_places
from zaohua.gan.translation.methods import networks, rules
from zaohua.gan.translation.shape import shape_for
from zaohua.judges.extractor import Extractor, untrained
from zaohua.training.task import Draw

DRAW = Draw(1, 0, 0, torch.arange(4), torch.device("cpu"))
NO_PENALTY = RegulariserConfig(kind="none")


def fight(method: str, eye: Extractor | None = None, **loss) -> tuple[Duel, dict, Batch, TranslationLossConfig]:
    torch.manual_seed(0)
    model = TranslationModelConfig(method=method, width=4, discriminator_width=4, discriminator_layers=2, blocks=2)
    config = TranslationLossConfig(**{"pool": 8, "places": 6, "head": 8} | loss)
    modules = networks(model, config, shape_for(model, 3, 3, 16), 16, 4)
    for name in ("generator", "back"):
        for parameter in modules[name].parameters() if name in modules else ():
            parameter.data += 0.02 * torch.randn_like(parameter)
    duel = Duel(
        modules["generator"],
        modules["discriminator"],
        config,
        NO_PENALTY,
        AugmentConfig(),
        gamma=1.0,
        distort=lambda x, keys, strength: x,
    )
    made_from, made = torch.randn(4, 3, 16, 16), torch.randn(4, 3, 16, 16)
    batch = Batch(made, made_from if method == "paired" else None, made_from)
    return rules(duel, modules, method, config, eye), modules, batch, config


def adversarial(judge, real, fake, kind, condition=None) -> torch.Tensor:
    return LOSSES[kind](judge(real, condition), judge(fake, condition), (1.0, 1.0)).generator


@pytest.mark.parametrize("kind", LOSSES)
def test_pairs_are_near_their_targets_and_pass_as_real(kind):
    rules_, modules, batch, _ = fight("paired", kind=kind, l1=7.0, features=3.0)
    found, numbers = rules_.generator_loss(batch, DRAW)
    made = modules["generator"](batch.latent)
    judge = modules["discriminator"]
    features = [judge.features(x, batch.condition) for x in (made, batch.real)]
    apart = sum((one - other).abs().mean() for one, other in zip(*features, strict=True)) / 3
    wanted = adversarial(judge, batch.real, made, kind, batch.condition) + 7 * (made - batch.real).abs().mean()
    assert found.item() == pytest.approx((wanted + 3 * apart).item(), rel=1e-5)
    assert {"adversarial", "l1", "features"} <= set(numbers)


def test_pairs_look_alike_to_an_eye():
    eye = untrained("efficientnet-lite1-32")
    rules_, modules, batch, _ = fight("paired", eye, l1=0.0, perceptual=3.0)
    found, numbers = rules_.generator_loss(batch, DRAW)
    pictures = [(x + 1) * 127.5 for x in (modules["generator"](batch.latent), batch.real)]
    inputs = [(F.interpolate(x, (32, 32), mode="bilinear") - x.new_tensor(eye.mean)[:, None, None]) for x in pictures]
    stages = [eye.module.stages(x / x.new_tensor(eye.std)[:, None, None]) for x in inputs]
    wanted = 0.0
    for one, other in zip(*stages, strict=True):
        unit = [x / x.norm(dim=1, keepdim=True).clamp_min(1e-12) for x in (one, other)]
        wanted += (unit[0] - unit[1]).square().sum(1).mean().item()
    assert wanted > 0
    assert numbers["perceptual"].item() == pytest.approx(wanted, rel=1e-4)
    assert found.item() == pytest.approx(numbers["adversarial"].item() + 3 * wanted, rel=1e-4)
    found.backward()
    assert all(parameter.grad is not None for parameter in modules["generator"].parameters())


def test_before_it_begins_there_is_no_discriminator_to_go_by():
    rules_, modules, batch, _ = fight("paired", l1=7.0, features=3.0, begin=0.5)
    early, late = (Draw(1, 0, 0, torch.arange(4), torch.device("cpu"), progress) for progress in (0.49, 0.5))
    loss, numbers = rules_.generator_loss(batch, early)
    assert set(numbers) == {"l1"}
    assert loss.item() == pytest.approx(7 * numbers["l1"].item())
    rules_.discriminator_loss(batch, early)[0].backward()
    assert all(parameter.grad is None for parameter in modules["discriminator"].parameters())
    assert {"adversarial", "features"} <= set(rules_.generator_loss(batch, late)[1])
    rules_.discriminator_loss(batch, late)[0].backward()
    assert all(parameter.grad is not None for parameter in modules["discriminator"].parameters())


@pytest.mark.parametrize("identity", [0.0, 0.5])
def test_a_cycle_comes_back_both_ways(identity):
    rules_, modules, batch, _ = fight("cycle", kind="least_squares", cycle=9.0, identity=identity)
    found, _ = rules_.generator_loss(batch, DRAW)
    there, back = modules["generator"], modules["back"]
    a, b = batch.latent, batch.real
    wanted = adversarial(modules["discriminator"], b, there(a), "least_squares")
    wanted += adversarial(modules["back_discriminator"], a, back(b), "least_squares")
    wanted += 9 * ((back(there(a)) - a).abs().mean() + (there(back(b)) - b).abs().mean())
    wanted += 9 * identity * ((there(b) - b).abs().mean() + (back(a) - a).abs().mean())
    assert found.item() == pytest.approx(wanted.item(), rel=1e-5)


def test_both_discriminators_of_a_cycle_tell_their_own_kind():
    rules_, modules, batch, _ = fight("cycle", kind="hinge")
    found, _ = rules_.discriminator_loss(batch, DRAW)
    wanted = 0.0
    for judge, maker, real, start in (
        (modules["discriminator"], modules["generator"], batch.real, batch.latent),
        (modules["back_discriminator"], modules["back"], batch.latent, batch.real),
    ):
        wanted += F.relu(1 - judge(real)).mean() + F.relu(1 + judge(maker(start))).mean()
    assert found.item() == pytest.approx(wanted.item(), rel=1e-5)


def test_contrast_finds_each_place_again():
    rules_, modules, batch, config = fight("contrastive", kind="least_squares", contrast=2.0, identity=0.25)
    found, _ = rules_.generator_loss(batch, DRAW)
    generator, heads = modules["generator"], modules["heads"]

    def known(source: torch.Tensor) -> float:
        stages = generator.stages(source), generator.stages(generator(source))
        places = drawn_places(stages[0], DRAW.keys(10), config.places)
        total = 0.0
        for level, layer in enumerate(heads.layers):
            for picture in range(4):
                vectors = []
                for features in (stages[0][level][picture], stages[1][level][picture]):
                    rows = torch.stack([features.flatten(1)[:, place] for place in places[level][picture]])
                    vectors.append(F.normalize(layer(rows), dim=1))
                logits = vectors[1] @ vectors[0].T / config.temperature
                total += -torch.diagonal(logits.log_softmax(1)).mean().item() / 4
        return total / len(heads.layers)

    wanted = adversarial(modules["discriminator"], batch.real, generator(batch.latent), "least_squares").item()
    wanted += 2 * known(batch.latent) + 2 * 0.25 * known(batch.real)
    assert found.item() == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("method", ["paired", "cycle", "contrastive"])
def test_gradients_reach_the_phases_own_networks_alone(method):
    rules_, modules, batch, _ = fight(method)
    makers = [name for name in ("generator", "back", "heads") if name in modules]
    judges = [name for name in modules if name.endswith("discriminator")]
    for step, own, others in (
        (rules_.discriminator_loss, judges, makers),
        (rules_.generator_loss, makers, []),
    ):
        for module in modules.values():
            module.zero_grad()
        step(batch, DRAW)[0].backward()
        for name in own:
            assert any(p.grad is not None and p.grad.abs().max() > 0 for p in modules[name].parameters()), name
        for name in others:
            assert all(p.grad is None for p in modules[name].parameters()), name


def test_places_are_drawn_once_each_and_by_the_picture():
    stages = [torch.zeros(3, 2, 5, 5), torch.zeros(3, 4, 2, 2)]
    found = drawn_places(stages, torch.tensor([1, 2, 1], dtype=torch.int32), 6)
    assert [places.shape for places in found] == [(3, 6), (3, 4)]
    for places in found:
        assert all(len(set(row.tolist())) == len(row) for row in places)
        assert torch.equal(places[0], places[2])
    assert not torch.equal(found[0][0], found[0][1])


def test_heads_give_unit_vectors():
    torch.manual_seed(0)
    stages = [torch.randn(2, 3, 4, 4)]
    (found,) = Heads([3], 8)(stages, drawn_places(stages, torch.tensor([1, 2], dtype=torch.int32), 5))
    assert torch.allclose(found.norm(dim=2), torch.ones(2, 5))
