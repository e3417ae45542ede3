"""Adversarial training under the common trainer: every loss with every regulariser, what a step means, learning."""

import itertools
import os
import signal
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from zaohua.gan.adversarial import Batch, Duel, averaging
from zaohua.gan.augment import augment
from zaohua.gan.config import AdversarialTrainConfig, AugmentConfig, LossConfig, RegulariserConfig
from zaohua.gan.losses import LOSSES
from zaohua.gan.networks.shape import build_discriminator, build_generator, shape
from zaohua.seeding import normal
from zaohua.training import checkpoint, parallel
from zaohua.training.config import RunConfig
from zaohua.training.signals import Stopped
from zaohua.training.task import Draw
from zaohua.training.trainer import Trainer

KINDS = RegulariserConfig.model_fields["kind"].annotation.__args__
CPU = torch.device("cpu")


class Points(nn.Module):
    """Two layers. A generator of points on a line [B, 1], or what tells them apart [B]."""

    def __init__(self, inputs: int, scores: bool) -> None:
        super().__init__()
        self.layers, self.scores = nn.Sequential(nn.Linear(inputs, 32), nn.Tanh(), nn.Linear(32, 1)), scores

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        y = self.layers(x)
        return y[:, 0] if self.scores else y


def keep(x: Tensor, keys: Tensor, strength: float) -> Tensor:
    return x


def duel(loss="relativistic", regulariser=None, augment_strength=0.0, networks=None, distort=keep) -> Duel:
    torch.manual_seed(0)
    generator, discriminator = networks or (Points(4, False), Points(1, True))
    return Duel(
        generator,
        discriminator,
        LossConfig(kind=loss),
        RegulariserConfig(**(regulariser or {})),
        AugmentConfig(strength=augment_strength, ramp=0.0),
        gamma=0.1,
        distort=distort,
    )


class Line:
    """Learn numbers around 3 with a spread of 0.5, as a task of the trainer."""

    best_metric = "distance"
    compiles = False

    def __init__(self, rules: Duel, **train) -> None:
        settings = {"steps": 40, "batch_size": 64, "learning_rate": 0.01, "tensorboard": False, "evaluate_every": 1000}
        self.recipe = SimpleNamespace(train=AdversarialTrainConfig(**settings | train), run=RunConfig(dir="unused"))
        self.rules = rules

    def build(self) -> dict[str, nn.Module]:
        return {"generator": self.rules.generator, "discriminator": self.rules.discriminator}

    def phases(self, modules, device):
        def batches(name: str, draw: Draw) -> Batch:
            stream = {"discriminator": 1, "generator": 2}[name]
            return Batch(3 + 0.5 * normal(draw.keys(3), 1), None, normal(draw.keys(stream), 4))

        return self.rules.phases(self.recipe.train, batches, self.recipe.train.batch_size)

    def units_per_step(self):
        return {"images": self.recipe.train.batch_size}

    def flops_per_step(self):
        return 1e6

    def evaluate(self, modules, ranks):
        made = modules["generator"](torch.randn(2000, 4, generator=torch.Generator().manual_seed(0)))
        return {"distance": abs(made.mean().item() - 3) + abs(made.std().item() - 0.5)}

    def sample(self, weights):
        return []

    def save_model(self, folder, weights, metrics, cost):
        folder.mkdir(parents=True)

    def state_dict(self):
        return {"data_hash": "line"}

    def load_state_dict(self, state):
        pass


def trained(tmp_path, rules: Duel, state=None, **train) -> Trainer:
    trainer = Trainer(Line(rules, **train), tmp_path, parallel.start("auto"))
    trainer.run(state)
    return trainer


@pytest.mark.parametrize(("loss", "kind"), list(itertools.product(LOSSES, KINDS)))
def test_any_loss_with_any_regulariser_moves_each_network_by_its_own_phase(loss, kind):
    form = shape("nano", 16, 1, classes=3, latent=4, generator_width=0.1, discriminator_width=0.1)
    torch.manual_seed(0)
    rules = duel(loss, {"kind": kind, "every": 1}, 0.5, (build_generator(form), build_discriminator(form)), augment)
    labels = torch.arange(6) % 3
    batch = Batch(torch.randn(6, 1, 16, 16), labels, torch.randn(6, 4))
    draw = Draw(1, 0, 0, torch.arange(6), CPU, progress=0.5)
    (value, numbers), sides = rules.discriminator_loss(batch, draw), (rules.discriminator, rules.generator)
    value.backward()
    assert value.isfinite()
    assert ("penalty" in numbers) == rules.regulariser.penalises
    assert all(p.grad is not None and p.grad.isfinite().all() for p in sides[0].parameters())
    assert all(p.grad is None for p in sides[1].parameters())
    value, _ = rules.generator_loss(batch, draw)
    value.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in sides[1].parameters())


@pytest.mark.parametrize("loss", LOSSES)
def test_batch_norm_looks_at_one_kind_at_a_time(loss):
    """Real and generated samples go through the classic discriminator apart."""
    form = shape("dcgan", 16, 1, latent=4, generator_width=0.05, discriminator_width=0.05)
    rules = duel(loss, {"kind": "none"}, networks=(build_generator(form), build_discriminator(form)))
    batch = Batch(torch.randn(8, 1, 16, 16) + 9, None, torch.randn(8, 4))
    seen = []
    rules.discriminator.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    rules.discriminator_loss(batch, Draw(1, 0, 0, torch.arange(8), CPU))
    assert [len(x) for x in seen] == [8, 8]


@pytest.mark.parametrize("kind", ["zero_centred", "r1", "r2", "gradient_penalty"])
def test_a_lazy_penalty_weighs_as_much_as_its_steps(kind):
    """Over a whole round the penalties add up to those of every step, for networks that stand still."""
    batch = Batch(torch.randn(16, 1), None, torch.randn(16, 4))
    sums = {}
    for every in (1, 4):
        rules = duel("hinge", {"kind": kind, "every": every, "final": 1.0})
        draws = [Draw(1, step, 0, torch.arange(16), CPU) for step in range(4)]
        found = [rules.discriminator_loss(batch, draw)[1].get("penalty", torch.zeros(())) for draw in draws]
        assert sum(value.item() > 0 for value in found) == 4 / every
        sums[every] = sum(found).item()
    tolerance = 0.5 if kind == "gradient_penalty" else 1e-5  # whose places between the two are drawn anew
    assert sums[4] == pytest.approx(sums[1], rel=tolerance)


def test_a_penalty_by_differences_is_near_the_exact_one():
    batch, draw = Batch(torch.randn(4000, 1), None, torch.randn(4000, 4)), Draw(1, 0, 0, torch.arange(4000), CPU)
    found = [
        duel("hinge", {"estimate": estimate}).discriminator_loss(batch, draw)[1]["penalty"].item()
        for estimate in ("exact", "difference")
    ]
    assert found[1] == pytest.approx(found[0], rel=0.1)


def test_weights_are_within_the_limit_whenever_they_are_used(tmp_path):
    rules = duel("wasserstein", {"kind": "clip", "limit": 0.05})
    used = []
    rules.discriminator.register_forward_pre_hook(
        lambda module, _: used.append(max(p.abs().max().item() for p in module.parameters()))
    )
    trained(tmp_path, rules, steps=5, discriminator_steps=3)
    assert max(used) == pytest.approx(0.05)
    assert len(used) == 5 * 4


@pytest.mark.parametrize("loss", ["non_saturating", "least_squares", "hinge", "relativistic"])
def test_it_learns_where_the_numbers_lie(loss, tmp_path):
    rules = duel(loss, {"gamma": 0.1})
    start = Line(rules).evaluate({"generator": rules.generator}, None)["distance"]
    trainer = trained(tmp_path, rules, steps=600, ema=0.98)
    assert trainer.evaluate()["distance"] < min(0.35, start / 4)


def test_parts_of_a_batch_add_up_to_it():
    """Two halves of a batch give the gradient of the whole: every random number belongs to its sample."""
    rules = duel(
        "least_squares", {"every": 1}, 0.5, distort=lambda x, keys, strength: x + strength * keys[:, None] / 2**33
    )
    phases = Line(rules).phases({}, CPU)
    for phase in phases:
        gradients = []
        for parts in ([range(8)], [range(4), range(4, 8)]):
            rules.generator.zero_grad(), rules.discriminator.zero_grad()
            for part in parts:
                draw = Draw(1, 0, 0, torch.tensor(list(part)), CPU)
                loss, _ = phase.loss_fn(phase.batches(draw), draw)
                (loss / len(parts)).backward()
            gradients.append([p.grad.clone() for p in phase.optimiser.parameters])
        for whole, halves in zip(*gradients, strict=True):
            torch.testing.assert_close(halves, whole, rtol=1e-4, atol=1e-6)


def test_a_stopped_run_goes_on_bit_for_bit(tmp_path):
    """Both networks, both optimisers' memory and the average, stopped between two penalties."""
    options = {"steps": 20, "ema": 0.9, "discriminator_steps": 2}
    whole = trained(tmp_path / "whole", duel(), **options)
    first = Trainer(Line(duel(), **options), tmp_path / "parts", parallel.start("auto"))
    step = first.training_step

    def step_then_ask() -> None:
        step()
        if first.step == 7:
            os.kill(os.getpid(), signal.SIGTERM)

    first.training_step = step_then_ask
    with pytest.raises(Stopped):
        first.run()
    again = trained(tmp_path / "parts", duel(), checkpoint.latest(tmp_path / "parts" / "state"), **options)
    assert whole._tensors().keys() == again._tensors().keys()
    for key, tensor in whole._tensors().items():
        assert torch.equal(tensor, again._tensors()[key]), key


def test_averaging_forgets_half_in_its_half_life():
    assert averaging(32, None) ** (10_000 / 32) == pytest.approx(0.5)
    assert averaging(32, 64_000) ** (0.05 * 64_000 / 32) == pytest.approx(0.5)


def test_pairs_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="compares pairs"):
        LossConfig(kind="relativistic", real=1.0, fake=0.5)
    with pytest.raises(ValueError, match="knows no slope"):
        RegulariserConfig(kind="gradient_penalty", estimate="difference")


def test_what_stands_beside_the_loss_is_minimised_with_it():
    """The generator's gradient is that of both terms; the discriminator's loss knows nothing of the other."""
    batch, draw = Batch(torch.randn(16, 1), None, torch.randn(16, 4)), Draw(1, 0, 0, torch.arange(16), CPU)
    plain, further = duel("hinge"), replace(duel("hinge"), beside=lambda batch, made, draw: (made.square().mean(), {}))
    gradients = []
    for rules in (plain, further):
        rules.generator_loss(batch, draw)[0].backward()
        gradients.append([p.grad for p in rules.generator.parameters()])
    wanted = torch.autograd.grad(plain.generator(batch.latent).square().mean(), list(plain.generator.parameters()))
    for both, one, other in zip(*gradients[::-1], wanted, strict=True):
        torch.testing.assert_close(both, one + other)
    losses = [rules.discriminator_loss(batch, draw)[0].item() for rules in (plain, further)]
    assert losses[0] == losses[1]


def test_a_duel_may_begin_late(tmp_path):
    """Before, the discriminator stands still and the generator learns from what stands beside; then both move."""
    rules = replace(duel("hinge"), beside=lambda batch, made, draw: (made.square().mean(), {}), begin=0.5)
    trainer = Trainer(Line(rules, steps=4), tmp_path, parallel.start("auto"))
    trainer.total = 4
    moved = []
    for _ in range(4):
        networks = rules.discriminator, rules.generator
        before = [[p.clone() for p in network.parameters()] for network in networks]
        trainer.training_step()
        now = [list(network.parameters()) for network in networks]
        moved.append([not all(map(torch.equal, one, other)) for one, other in zip(before, now, strict=True)])
    assert moved == [[False, True], [False, True], [True, True], [True, True]]


def test_the_discriminator_may_be_shown_earlier_samples():
    batch, draw = Batch(torch.randn(16, 1), None, torch.randn(16, 4)), Draw(1, 0, 0, torch.arange(16), CPU)
    rules = replace(duel("hinge", {"kind": "none"}), earlier=lambda made, draw: torch.full_like(made, 5.0))
    scores = rules.discriminator_loss(batch, draw)[1]["score_fake"]
    assert scores.item() == pytest.approx(rules.discriminator(torch.tensor([[5.0]])).item())


@pytest.mark.parametrize("kind", ["zero_centred", "gradient_penalty"])
def test_compiled_networks_learn_what_the_same_ones_do_as_they_are_written(kind):
    """Compiled code has no derivative of its derivative: in steps that ask for it nothing compiled may run."""
    found = []
    for compiled in (False, True):
        rules = duel("relativistic", {"kind": kind, "every": 2})
        if compiled:
            for module in (rules.generator, rules.discriminator):
                module.compile(backend="aot_eager")
        batch = Batch(torch.arange(6.0).view(6, 1), None, torch.arange(24.0).view(6, 4) / 24)
        for step in range(2):  # with the penalty and without
            draw = Draw(1, step, 0, torch.arange(6), CPU, progress=0.5)
            value, _ = rules.discriminator_loss(batch, draw)
            value.backward()
            value, _ = rules.generator_loss(batch, draw)
            value.backward()
        found.append([p.grad for module in (rules.generator, rules.discriminator) for p in module.parameters()])
    torch.testing.assert_close(found[1], found[0])


def test_a_slope_from_a_second_look_is_not_lost_in_bf16():
    """Two scores in bf16 differ by their rounding rather than by the slope."""
    batch = Batch(torch.randn(512, 1), None, torch.randn(512, 4))
    draw = Draw(1, 0, 0, torch.arange(512), CPU)
    penalties = []
    for settings in ({"estimate": "exact"}, {"estimate": "difference"}):
        with torch.autocast("cpu", torch.bfloat16):
            _, numbers = duel("relativistic", settings).discriminator_loss(batch, draw)
        penalties.append(numbers["penalty"].item())
    assert penalties[1] == pytest.approx(penalties[0], rel=0.3)
