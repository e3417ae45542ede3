"""What the adversarial tasks share: two networks, their phases, the averaged generator, budgets in samples, the model
folder. A task adds its data, its networks and how its samples are measured and shown.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from zaohua import recipe as recipes
from zaohua.data.order import sample_numbers
from zaohua.errors import UsageError
from zaohua.gan import costs
from zaohua.gan.adaptive import Adaptive
from zaohua.gan.adversarial import Batch, Duel, averaging
from zaohua.gan.card import gan_card
from zaohua.gan.folder import save_gan
from zaohua.gan.gamma import choose_gamma
from zaohua.gan.regularisers import norm_spectrally
from zaohua.i18n import t
from zaohua.metrics.watching import Watcher, watch
from zaohua.recipe import Section
from zaohua.report.record import read_lines
from zaohua.seeding import normal, sample_keys
from zaohua.training.monitor import say
from zaohua.training.parallel import Parallel
from zaohua.training.task import Draw, Phase, Weights

_LATENT = {"discriminator": 1, "generator": 2}  # streams of randomness by phase
_OTHER = 1 << 40  # added to the seed for the generator's phase, whose real samples come in another order
_SHOWN = 3  # the stream of the latent vectors that samples and evaluations are made from, all through a run


class AdversarialTask(ABC):
    """A task adds the rest of zaohua.training.task.Task and the abstract methods here.

    Its recipe has the sections loss, regulariser, train (AdversarialTrainConfig) and run, and augment if it distorts.
    prepare() brings the data, sets `report` (what was found in them, with their "hash"), and ends with settle().
    """

    Recipe: ClassVar[type[Section]]
    best_metric: ClassVar[str]
    compiles: ClassVar[bool] = False
    unit: ClassVar[str] = "images"  # what a sample is called in budgets and speeds: images, sounds or clips
    channels_last: ClassVar[bool] = False  # whether kernels of pictures are laid out so, which plain convolutions like

    def __init__(self, recipe: Any) -> None:
        self.recipe = recipe
        self.report: dict[str, Any] = {}
        self.adaptive: Adaptive | None = None
        self._costs: tuple[costs.Network, costs.Network] | None = None
        self._watcher: Watcher | None = None

    # ---- what a task adds

    @abstractmethod
    def networks(self) -> dict[str, nn.Module]:
        """Fresh modules "generator" and "discriminator", called as generator(latent, condition) and
        discriminator(sample, condition); their weights drawn from torch's generator, which is seeded."""

    @abstractmethod
    def batch(self, phase: str, draw: Draw, device: torch.device) -> Batch:
        """What a phase ("discriminator" or "generator") starts from."""

    @abstractmethod
    def distort(self, samples: Tensor, keys: Tensor, strength: float | Tensor) -> Tensor:
        """Samples as the discriminator sees them, each distorted with this probability; see zaohua.gan.augment."""

    @abstractmethod
    def usual_gamma(self) -> float:
        """The weight of R1 and R2 for samples of this size, where the recipe leaves it open."""

    @abstractmethod
    def example(self) -> Batch:
        """A batch of one sample, zeros of the right shapes: the costs are counted by it."""

    @abstractmethod
    def model_config(self) -> dict[str, Any]:
        """What config.json of the model folder says: "model_type" and the shape that the generator is built by."""

    @abstractmethod
    def card_facts(self) -> dict[str, Any]:
        """What zaohua.gan.card.gan_card is told of such a model: what, use, limits."""

    def held_out(self, draw: Draw, device: torch.device) -> tuple[Tensor, Tensor | None]:
        """As many held-out samples as the draw has, and their conditions; for an adaptive augmentation under losses
        that have no score of their own for a discriminator in doubt."""
        raise UsageError(t("gan.no_held_out", loss=self.recipe.loss.kind))

    # ---- the schedule

    def settle(self, parallel: Parallel | None = None, *, visible: bool = False) -> None:
        """Fill in what the recipe leaves open: gamma, how slowly the generator's average forgets, and how strong an
        adaptive augmentation begins. Once the data are there; without `parallel` nothing is tried out, as plan() wants
        it."""
        train, rule = self.recipe.train, self.recipe.regulariser
        self._update("train", ema=train.ema or averaging(train.batch_size, None))
        self._update("regulariser", gamma=self.usual_gamma() if rule.gamma in (None, "auto") else rule.gamma)
        augment = getattr(self.recipe, "augment", None)
        if augment is not None and augment.adaptive:
            samples = self.units_per_step()[self.unit]
            settings = {"target": augment.target, "most": augment.most, "parallel": parallel}
            self.adaptive = Adaptive(self.recipe.loss.kind, samples, **settings)
        if rule.gamma == "auto" and parallel is not None:
            self._update("regulariser", gamma=choose_gamma(self, parallel, visible=visible))

    def _update(self, section: str, **values: Any) -> None:
        changed = getattr(self.recipe, section).model_copy(update=values)
        self.recipe = self.recipe.model_copy(update={section: changed})

    @property
    def batch_size(self) -> int:
        """Samples in a phase, over all ranks."""
        return self.recipe.train.batch_size

    def tell(self, found: str, *, visible: bool) -> None:
        """Say what was found in the data, and what may be wrong with them."""
        for line in (found, *self.report["warnings"]):
            say(line, quiet=not visible)

    def data_report(self) -> dict[str, Any]:
        """What the preparation found."""
        return self.report

    # ---- training

    def build(self) -> dict[str, nn.Module]:
        """Both networks with weights drawn from the seed."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.recipe.train.seed)
            modules = self.networks()
            if self.recipe.regulariser.spectral_norm:
                norm_spectrally(modules["discriminator"])
        if self.channels_last:
            for module in modules.values():
                module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return modules

    def duel(self, modules: dict[str, nn.Module]) -> Duel:
        """The rules between the two networks."""
        recipe = self.recipe
        return Duel(
            modules["generator"],
            modules["discriminator"],
            recipe.loss,
            recipe.regulariser,
            recipe.augment,
            gamma=recipe.regulariser.gamma,
            distort=self.distort,
            adaptive=self.adaptive,
        )

    def phases(self, modules: dict[str, nn.Module], device: torch.device) -> Sequence[Phase]:
        """The discriminator's and the generator's."""

        def batches(phase: str, draw: Draw) -> Batch:
            return self.batch(phase, draw, device)

        duel = replace(self.duel(modules), held_out=lambda draw: self.held_out(draw, device))
        return duel.phases(self.recipe.train, batches, self.batch_size)

    def real_numbers(self, phase: str, draw: Draw, count: int) -> Tensor:
        """Which of `count` real samples a phase sees, each once in an epoch: int64 [b]"""
        seed, step = draw.seed, draw.step
        if phase == "generator":
            seed += _OTHER
        else:
            step = step * self.recipe.train.discriminator_steps + draw.repeat
        return self._numbers(seed, step, draw, count)

    def held_out_numbers(self, draw: Draw, count: int) -> Tensor:
        """Which of `count` held-out samples a draw sees, each once before one comes again: int64 [b]"""
        return self._numbers(draw.seed, draw.step, draw, count)

    def _numbers(self, seed: int, step: int, draw: Draw, count: int) -> Tensor:
        return torch.from_numpy(sample_numbers(seed, step, self.batch_size, count)[draw.indices.numpy()])

    def latents(self, phase: str, draw: Draw, size: int) -> Tensor:
        """z of a phase's samples, standard normal, float32 [b, size]"""
        return normal(draw.keys(_LATENT[phase]), size)

    def shown_latents(self, count: int, size: int, device: torch.device | None = None) -> Tensor:
        """z that stay the same all through a run, for samples and evaluations: float32 [count, size]"""
        return normal(sample_keys(self.recipe.train.seed, 0, torch.arange(count), _SHOWN).to(device), size)

    # ---- costs

    def units_per_step(self) -> dict[str, int]:
        """Real samples that the discriminator sees."""
        return {self.unit: self.batch_size * self.recipe.train.discriminator_steps}

    def flops_per_step(self) -> float:
        """Forward and backward over the global batch."""
        recipe = self.recipe
        return self.batch_size * costs.step_flops(*self._seen(), recipe.loss, recipe.regulariser, recipe.train)

    def _seen(self) -> tuple[costs.Network, costs.Network]:
        """What a look at generator and discriminator says."""
        if self._costs is None:
            modules, example = self.build(), self.example()
            generator, sample = costs.look_at(modules["generator"], example.latent, example.condition)
            discriminator, _ = costs.look_at(modules["discriminator"], sample, example.condition)
            self._costs = generator, discriminator
        return self._costs

    @property
    def parameters(self) -> dict[str, int]:
        """Trainable numbers of each network."""
        return dict(zip(("generator", "discriminator"), (seen.parameters for seen in self._seen()), strict=True))

    def plan(self) -> dict[str, Any]:
        """What the recipe would cost, without looking at its data."""
        self.settle()
        budget, units = self.recipe.train, self.units_per_step()
        return {
            "recipe": recipes.dump(self.recipe),
            "parameters": sum(self.parameters.values()),
            "memory_bytes": costs.training_bytes(*self._seen(), self.batch_size // budget.accumulate),
            "flops_per_step": self.flops_per_step(),
            "units_per_step": units,
            "steps": budget.steps_for(units),
            "minutes": budget.minutes,
        }

    # ---- results

    def save_model(self, folder: Path, weights: Weights, metrics: dict[str, Any], cost: dict[str, Any]) -> None:
        """The averaged networks with their card; see zaohua.gan.folder."""
        card = gan_card(
            title=Path(self.recipe.run.dir).name,
            config={**self.model_config(), **{f"{name} parameters": n for name, n in self.parameters.items()}},
            data=self.report,
            metrics=metrics,
            cost=cost,
            recipe=recipes.dump(self.recipe),
            **self.card_facts(),
        )
        save_gan(folder, self.model_config(), weights, card)

    def state_dict(self) -> dict[str, Any]:
        """The data this run learns from, and how strong the augmentation has become."""
        adapted = {} if self.adaptive is None else {"adaptive": self.adaptive.state_dict()}
        return {"data_hash": self.report["hash"], **adapted}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take state_dict() back; everything else follows from the recipe."""
        if self.adaptive is not None and "adaptive" in state:
            self.adaptive.load_state_dict(state["adaptive"])

    # ---- watching

    def remarks(self, step: int, kind: str, numbers: dict[str, float]) -> list[str]:
        """What has gone wrong, by its name, each once in a run; see zaohua.metrics.watching. step, kind, numbers: of a
        line of the log, which is in the run folder by then with all that came before a restart."""
        recipe = self.recipe.model_dump(mode="json")
        if self._watcher is None:
            earlier = [line for line in read_lines(Path(self.recipe.run.dir) / "metrics.jsonl") if line["step"] < step]
            self._watcher = watch(earlier, recipe)
        found = self._watcher.see({"step": step, "kind": kind, **numbers})
        return [finding.as_text(recipe) for finding in found]
