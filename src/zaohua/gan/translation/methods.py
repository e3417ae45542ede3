"""How translators learn: each method is its networks and the rules between them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from zaohua.gan.adversarial import Batch, Duel
from zaohua.gan.translation.config import TranslationLossConfig, TranslationModelConfig
from zaohua.gan.translation.heads import Heads, drawn_places
from zaohua.gan.translation.losses import feature_distance, l1, looks_apart, patch_nce
from zaohua.gan.translation.networks.layers import Translator
from zaohua.gan.translation.networks.patches import PatchDiscriminator
from zaohua.gan.translation.pool import Pool
from zaohua.gan.translation.shape import Shape
from zaohua.judges.extractor import Extractor
from zaohua.training.task import Draw

_EXCHANGED, _PLACES = 9, 10  # streams of randomness, beside those of zaohua.gan.adversarial and of the task
Numbers = dict[str, Tensor]


def networks(
    model: TranslationModelConfig, loss: TranslationLossConfig, shape: Shape, side: int, batch_size: int
) -> dict[str, nn.Module]:
    """Fresh modules of the method. side: of the squares trained on, in pixels.

    "generator" and "discriminator"; for l1 the first alone; for cycle also "back", "back_discriminator" and two pools;
    for contrastive also "heads".
    """
    generator = shape.build()
    found: dict[str, nn.Module] = {"generator": generator}
    if model.method == "l1":
        return found
    given = shape.inputs if model.method == "paired" else 0

    def judge(channels: int) -> nn.Module:
        return PatchDiscriminator(channels, given, model.discriminator_width, model.discriminator_layers)

    found["discriminator"] = judge(shape.outputs)
    if model.method == "contrastive":
        stages = generator.stages(torch.zeros(1, shape.inputs, side, side))
        found["heads"] = Heads([features.shape[1] for features in stages], loss.head)
    if model.method == "cycle":
        found["back"], found["back_discriminator"] = shape.turned.build(), judge(shape.inputs)
        size = loss.pool // batch_size * batch_size
        found["pool"] = Pool(size, batch_size, (shape.outputs, side, side))
        found["back_pool"] = Pool(size, batch_size, (shape.inputs, side, side))
    return found


@dataclass(frozen=True)
class Reconstruction:
    """Beside the adversarial loss of pairs: near the target, in its pixels, to a classifier's eye and, once there is a
    discriminator to go by, in its features."""

    discriminator: PatchDiscriminator
    loss: TranslationLossConfig
    eye: Extractor | None = None

    def __call__(self, batch: Batch, made: Tensor, draw: Draw) -> tuple[Tensor, Numbers]:
        distance = l1(made, batch.real)
        total, numbers = self.loss.l1 * distance, {"l1": distance}
        if self.eye is not None:
            numbers["perceptual"] = looks_apart(made, batch.real, self.eye)
            total = total + self.loss.perceptual * numbers["perceptual"]
        if self.loss.features and draw.progress >= self.loss.begin:
            features = self.discriminator.features(made, batch.condition)
            with torch.no_grad():
                wanted = self.discriminator.features(batch.real, batch.condition)
            numbers["features"] = feature_distance(features, wanted)
            total = total + self.loss.features * numbers["features"]
        return total, numbers


@dataclass(frozen=True)
class Return:
    """Beside the adversarial loss of one way of two: what has come back is what had set out, and what is of the wanted
    kind already stays as it is."""

    there: nn.Module
    back: nn.Module
    loss: TranslationLossConfig

    def __call__(self, batch: Batch, made: Tensor, draw: Draw) -> tuple[Tensor, Numbers]:
        returned = l1(self.back(made), batch.latent)
        total, numbers = self.loss.cycle * returned, {"cycle": returned}
        if self.loss.identity and batch.real.shape[1] == batch.latent.shape[1]:
            stayed = l1(self.there(batch.real), batch.real)
            total = total + self.loss.cycle * self.loss.identity * stayed
            numbers["identity"] = stayed
        return total, numbers


@dataclass(frozen=True)
class Contrast:
    """Beside the adversarial loss of the one-sided method: each place of the translation, looked at by the generator's
    own first half, is known again among the places of the picture it was made from; the same for what is of the wanted
    kind already."""

    generator: Translator
    heads: Heads
    loss: TranslationLossConfig

    def __call__(self, batch: Batch, made: Tensor, draw: Draw) -> tuple[Tensor, Numbers]:
        known = self._known(batch.latent, made, draw)
        total, numbers = self.loss.contrast * known, {"contrast": known}
        if self.loss.identity:
            stayed = self._known(batch.real, self.generator(batch.real), draw)
            total = total + self.loss.contrast * self.loss.identity * stayed
            numbers["identity"] = stayed
        return total, numbers

    def _known(self, source: Tensor, made: Tensor, draw: Draw) -> Tensor:
        stages = self.generator.stages(source), self.generator.stages(made)
        places = drawn_places(stages[0], draw.keys(_PLACES), self.loss.places)
        keys, queries = (self.heads(features, places) for features in stages)
        terms = [patch_nce(q, k.detach(), self.loss.temperature) for q, k in zip(queries, keys, strict=True)]
        return torch.stack(terms).mean()


@dataclass(frozen=True)
class BothWays(Duel):
    """Two duels fought as one: there and back. Its generator and its discriminator hold both ways' networks."""

    there: Duel | None = None
    back: Duel | None = None

    def discriminator_loss(self, batch: Batch, draw: Draw) -> tuple[Tensor, Numbers]:
        """Of both ways."""
        return self._both(batch, lambda duel, one: duel.discriminator_loss(one, draw))

    def generator_loss(self, batch: Batch, draw: Draw) -> tuple[Tensor, Numbers]:
        """Of both ways."""
        return self._both(batch, lambda duel, one: duel.generator_loss(one, draw))

    def _both(self, batch: Batch, loss: Callable[[Duel, Batch], tuple[Tensor, Numbers]]) -> tuple[Tensor, Numbers]:
        assert self.there is not None
        assert self.back is not None
        one, numbers = loss(self.there, batch)
        other, further = loss(self.back, Batch(batch.latent, None, batch.real))
        return one + other, numbers | {f"back_{name}": value for name, value in further.items()}


class Together(nn.Module):
    """Several networks whose parameters move in one phase; called, it is the first."""

    def __init__(self, *networks: nn.Module) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.networks[0](x, condition)


def rules(
    duel: Duel, modules: dict[str, nn.Module], method: str, loss: TranslationLossConfig, eye: Extractor | None = None
) -> Duel:
    """The duel of a method. duel: between "generator" and "discriminator", with nothing beside it; eye: of pairs, what
    loss.perceptual is measured by."""
    generator = modules["generator"]
    if method == "paired":
        discriminator = modules["discriminator"]
        assert isinstance(discriminator, PatchDiscriminator)
        return replace(duel, beside=Reconstruction(discriminator, loss, eye), begin=loss.begin)
    if method == "contrastive":
        heads = modules["heads"]
        assert isinstance(heads, Heads)
        assert isinstance(generator, Translator)
        return replace(duel, generator=Together(generator, heads), beside=Contrast(generator, heads, loss))
    back, judges = modules["back"], (modules["discriminator"], modules["back_discriminator"])
    there = replace(duel, beside=Return(generator, back, loss), earlier=_earlier(modules["pool"]))
    returning = replace(
        duel,
        generator=back,
        discriminator=judges[1],
        beside=Return(back, generator, loss),
        earlier=_earlier(modules["back_pool"]),
    )
    common = {name: getattr(duel, name) for name in ("loss", "regulariser", "augment", "gamma", "distort")}
    return BothWays(Together(generator, back), Together(*judges), there=there, back=returning, **common)


def _earlier(pool: nn.Module) -> Callable[[Tensor, Draw], Tensor]:
    assert isinstance(pool, Pool)

    def exchanged(made: Tensor, draw: Draw) -> Tensor:
        return pool.exchange(made, draw.indices, draw.keys(_EXCHANGED))

    return exchanged
