"""Adversarial training (seed §3.2): one network learns to tell real from generated, the other to pass as real.

One step is two phases of the common trainer: the generator makes samples that the discriminator is to tell from real
ones (as often as the recipe says), then it makes others and is moved so that they are taken for real.
"""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from zaohua.gan import regularisers
from zaohua.gan.adaptive import Adaptive
from zaohua.gan.config import AdversarialTrainConfig, AugmentConfig, LossConfig, RegulariserConfig
from zaohua.gan.losses import LOSSES
from zaohua.seeding import normal, uniform
from zaohua.training import optimisers
from zaohua.training.precision import as_written
from zaohua.training.task import Draw, Phase

_REAL, _FAKE, _PLACE, _NOISE = range(4, 8)  # streams of randomness; a task's own come before
_FEWEST = 4  # samples of a batch whose spread says anything
Distort = Callable[[Tensor, Tensor, float], Tensor]  # samples, keys [B], strength -> samples
Beside = Callable[["Batch", Tensor, Draw], tuple[Tensor, dict[str, Tensor]]]  # and what was made -> a loss, numbers


@dataclass(frozen=True)
class Batch:
    """What a phase starts from. real: [B, ...]; condition: of every sample, or None; latent: z [B, ...] of the
    samples to be made, under the same conditions, so that a pair shares its condition."""

    real: Tensor
    condition: Tensor | None
    latent: Tensor


@dataclass(frozen=True)
class Duel:
    """The two networks and the rules between them. gamma: of R1 and R2 at the start; distort: what both kinds of sample
    go through before the discriminator sees them; beside: what else the generator minimises; earlier: puts samples that
    were made before in the place of some, for the discriminator; adaptive: the strength of the distortions, if it
    follows from the scores; held_out: as many held-out samples as a draw has, with their conditions; begin: share of
    the run before which the generator learns alone, from what stands beside."""

    generator: nn.Module
    discriminator: nn.Module
    loss: LossConfig
    regulariser: RegulariserConfig
    augment: AugmentConfig
    gamma: float
    distort: Distort
    beside: Beside | None = None
    earlier: Callable[[Tensor, Draw], Tensor] | None = None
    adaptive: Adaptive | None = None
    held_out: Callable[[Draw], tuple[Tensor, Tensor | None]] | None = None
    begin: float = 0.0

    def phases(
        self, train: AdversarialTrainConfig, batches: Callable[[str, Draw], Batch], batch_size: int
    ) -> list[Phase]:
        """The step's phases. batches(phase's name, draw) brings what a phase starts from."""
        discriminator = train
        if self.regulariser.penalises:
            # With a penalty in one of k steps, as in StyleGAN2 (Karras et al. 2020, arXiv:1912.04958, appendix B).
            share = self.regulariser.every / (self.regulariser.every + 1)
            assert train.learning_rate is not None
            betas = train.betas[0] ** share, train.betas[1] ** share
            update = {"learning_rate": train.learning_rate * share, "betas": betas}
            discriminator = train.model_copy(update=update)
        assert discriminator.learning_rate is not None
        rate = discriminator.learning_rate * train.discriminator_rate
        discriminator = discriminator.model_copy(update={"learning_rate": rate})

        def brought(name: str) -> Callable[[Draw], Batch]:
            return lambda draw: batches(name, draw)

        return [
            Phase(
                "discriminator",
                self.discriminator_loss,
                optimisers.build(dict(self.discriminator.named_parameters()), discriminator),
                brought("discriminator"),
                batch_size,
                repeats=train.discriminator_steps,
            ),
            Phase(
                "generator",
                self.generator_loss,
                optimisers.build(dict(self.generator.named_parameters()), train),
                brought("generator"),
                batch_size,
            ),
        ]

    def discriminator_loss(self, batch: Batch, draw: Draw) -> tuple[Tensor, dict[str, Tensor]]:
        """Its loss on real and generated samples, and where it is due the penalty on its slope. Before it begins there
        is no gradient, so that its optimiser does not move either."""
        if draw.progress < self.begin:
            return torch.zeros((), requires_grad=True), {}
        self._clip()
        with torch.no_grad():
            fake = self.generator(batch.latent, batch.condition)
            if self.earlier is not None:
                fake = self.earlier(fake, draw)
        looks = self.adaptive is not None and draw.repeat == 0 and self.adaptive.is_due(draw.step)
        real, fake = self._distorted(batch.real, draw, _REAL), self._distorted(fake, draw, _FAKE)
        due = self.regulariser.penalises and draw.step % self.regulariser.every == 0
        if due and self.regulariser.estimate == "exact":
            real, fake = real.detach().requires_grad_(), fake.detach().requires_grad_()
        with self._looking(real.device) if due else nullcontext():
            of_real, of_fake = self._scores(real, fake, batch.condition)
            penalty = self._penalty(real, fake, of_real, of_fake, batch.condition, draw) if due else None
        loss = LOSSES[self.loss.kind](of_real, of_fake, (self.loss.real, self.loss.fake)).discriminator
        numbers = {"score_real": of_real.mean(), "score_fake": of_fake.mean(), "right": right(of_real, of_fake)}
        if looks:
            self._look(of_real, draw)
        if self.augment.most:
            numbers["augmentation"] = torch.tensor(self._strength(draw), device=of_real.device)
        if penalty is not None:
            loss = loss + self.regulariser.every * penalty
            numbers["penalty"] = penalty * self.regulariser.every  # logged as its mean over all steps
        return loss, numbers

    def generator_loss(self, batch: Batch, draw: Draw) -> tuple[Tensor, dict[str, Tensor]]:
        """Its loss: how little what it makes is taken for real, and what is asked of it beside that."""
        made = self.generator(batch.latent, batch.condition)
        if draw.progress < self.begin:
            assert self.beside is not None
            return self.beside(batch, made, draw)
        self._clip()
        fake = self._distorted(made, draw, _FAKE)
        of_fake = self.discriminator(fake, batch.condition)
        of_real = torch.zeros_like(of_fake)
        if self.loss.kind == "relativistic":  # the only one in which the real samples have a part in this
            with torch.no_grad():
                of_real = self.discriminator(self._distorted(batch.real, draw, _REAL), batch.condition)
        loss = LOSSES[self.loss.kind](of_real, of_fake, (1.0, 1.0)).generator
        apart = {} if len(made) < _FEWEST else {"spread": spread(made, batch.real)}
        if self.beside is None:
            return loss, apart
        further, numbers = self.beside(batch, made, draw)
        return loss + further, {"adversarial": loss, **apart, **numbers}

    def _scores(self, real: Tensor, fake: Tensor, condition: Tensor | None) -> tuple[Tensor, Tensor]:
        """Of both in one pass, unless a norm would then look at both at once."""
        if any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in self.discriminator.modules()):
            return self.discriminator(real, condition), self.discriminator(fake, condition)
        both = None if condition is None else torch.cat((condition, condition))
        of_real, of_fake = self.discriminator(torch.cat((real, fake)), both).chunk(2)
        return of_real, of_fake

    def _looking(self, device: torch.device) -> AbstractContextManager:
        """How the discriminator runs where its slope is asked for: as it is written, since compiled code has no
        derivative of its derivative; or in fp32, since two near scores in bf16 differ by their rounding alone."""
        if self.regulariser.estimate == "exact":
            return as_written(self.discriminator)
        return torch.autocast(device.type, enabled=False)

    def _penalty(
        self, real: Tensor, fake: Tensor, of_real: Tensor, of_fake: Tensor, condition: Tensor | None, draw: Draw
    ) -> Tensor:
        rule = self.regulariser

        def score(samples: Tensor) -> Tensor:
            return self.discriminator(samples, condition)

        if rule.kind == "gradient_penalty":
            share = uniform(draw.keys(_PLACE), 1)[:, 0]
            return rule.weight * regularisers.gradient_penalty(score, real, fake, share).mean()
        sides = {"zero_centred": (True, True), "r1": (True, False), "r2": (False, True)}[rule.kind]
        slopes = []
        for place, (samples, scores) in enumerate(((real, of_real), (fake, of_fake))):
            if not sides[place]:
                continue
            if rule.estimate == "exact":
                slopes.append(regularisers.slope(scores, samples))
            else:
                noise = normal(draw.keys(_NOISE + place), samples[0].numel()).view_as(samples)
                slopes.append(regularisers.estimated_slope(score, scores, samples, noise))
        gamma = self.gamma * (rule.final + (1 - rule.final) * (1 + math.cos(math.pi * draw.progress)) / 2)
        return gamma / 2 * torch.stack(slopes).sum(0).mean()

    def _distorted(self, samples: Tensor, draw: Draw, stream: int) -> Tensor:
        strength = self._strength(draw)
        return self.distort(samples, draw.keys(stream), strength) if strength else samples

    def _strength(self, draw: Draw) -> float:
        if self.adaptive is not None:
            return self.adaptive.strength
        strength = self.augment.most
        return strength * min(1.0, draw.progress / self.augment.ramp) if strength and self.augment.ramp else strength

    @torch.no_grad()
    def _look(self, of_real: Tensor, draw: Draw) -> None:
        """Let the adaptive strength see the scores, and where it needs them those of held-out samples, distorted as
        the training samples were."""
        assert self.adaptive is not None
        of_held_out = None
        if self.adaptive.needs_held_out:
            assert self.held_out is not None
            samples, condition = self.held_out(draw)
            of_held_out = self.discriminator(self._distorted(samples, draw, _REAL), condition)
        self.adaptive.see(of_real, of_held_out)

    def _clip(self) -> None:
        """After each of the discriminator's steps, which is before it is used again."""
        if self.regulariser.kind == "clip":
            regularisers.clip_weights(self.discriminator, self.regulariser.limit)


@torch.no_grad()
def right(of_real: Tensor, of_fake: Tensor) -> Tensor:
    """Share of the pairs in which the real sample scores higher, half of the equal ones: a scalar that means the same
    under every loss, ½ for a discriminator that cannot tell."""
    return (of_real > of_fake).double().mean() / 2 + (of_real >= of_fake).double().mean() / 2


@torch.no_grad()
def spread(made: Tensor, real: Tensor) -> Tensor:
    """How far generated samples lie from their nearest neighbour in the batch, on average, as a share of the same of
    real ones: near 0 where they have collapsed to one or a few. [B, ...] each, at least two -> scalar"""
    lonely = [_distances(samples.flatten(1).float()).min(1).values.mean() for samples in (made, real)]
    return lonely[0] / lonely[1].clamp_min(1e-12)


def _distances(x: Tensor) -> Tensor:
    """Between every two of x [B, D]; infinite from each to itself. [B, B]"""
    return torch.cdist(x, x).fill_diagonal_(math.inf)


def averaging(batch_size: int, total_images: float | None) -> float:
    """Decay of the generator's average: a half-life of 312 batches, as in StyleGAN, or of 5% of the run if less."""
    half = batch_size * 10_000 / 32
    if total_images is not None:
        half = min(half, 0.05 * total_images)
    return 0.5 ** (batch_size / max(half, batch_size))
