"""What the tasks of tokenisers share: an autoencoder as the generator, a discriminator of pieces that comes in late."""

from abc import abstractmethod
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from zaohua.gan.adversarial import Batch, Duel
from zaohua.gan.config import AugmentConfig
from zaohua.gan.task import AdversarialTask
from zaohua.gan.translation.networks.patches import PatchDiscriminator
from zaohua.multimodal.tokenisers.autoencoder import Autoencoder
from zaohua.multimodal.tokenisers.fidelity import Fidelity
from zaohua.multimodal.tokenisers.images.network import ImageShape
from zaohua.multimodal.tokenisers.sounds.network import SoundShape
from zaohua.nn.blank import filled
from zaohua.training.task import Draw, Weights


class TokeniserTask(AdversarialTask):
    """A task adds its data, `form` (set by prepare() and plan()) and its measures. What the networks see are pictures
    [B, C, H, W] of about -1 … 1, spectrograms too."""

    form: ImageShape | SoundShape

    @abstractmethod
    def originals(self, phase: str, draw: Draw, device: torch.device) -> Tensor:
        """What a phase is to make again: [b, C, H, W]"""

    @abstractmethod
    def blank(self) -> Tensor:
        """One original with nothing in it, zeros of the right shape: [1, C, H, W]"""

    # ---- training

    def networks(self) -> dict[str, nn.Module]:
        """The autoencoder, and the discriminator of pieces."""
        model = self.recipe.model
        judge = PatchDiscriminator(self.blank().shape[1], 0, model.discriminator_width, model.discriminator_layers)
        return {"generator": self.form.build(), "discriminator": judge}

    def usual_gamma(self) -> float:
        """As in translation between pictures: 16 where a score looks at 32 × 32 points, in proportion to what it looks
        at, over the number of scores, whose slopes a penalty adds up."""
        layers, (height, width) = self.recipe.model.discriminator_layers, self.blank().shape[2:]
        scores = max(1, height >> layers) * max(1, width >> layers)
        return 16 * (4 * 2**layers / 32) ** 2 / scores

    def example(self) -> Batch:
        """One of them blank."""
        return Batch(self.blank(), None, self.blank())

    def batch(self, phase: str, draw: Draw, device: torch.device) -> Batch:
        """Originals, which are also what the generator starts from."""
        real = self.originals(phase, draw, device)
        return Batch(real, None, real)

    def distort(self, samples: Tensor, keys: Tensor, strength: float | Tensor) -> Tensor:
        """Not at all: originals vary enough by themselves."""
        return samples

    def duel(self, modules: dict[str, nn.Module]) -> Duel:
        """One that begins late."""
        recipe = self.recipe
        return Duel(
            modules["generator"],
            modules["discriminator"],
            recipe.loss,
            recipe.regulariser,
            AugmentConfig(),
            gamma=recipe.regulariser.gamma,
            distort=self.distort,
            beside=Fidelity(recipe.loss),
            begin=recipe.loss.begin,
        )

    def flops_per_step(self) -> float:
        """As in any duel, but for the share of the run in which the generator learns alone."""
        alone = self.recipe.loss.begin
        return alone * 3 * self.batch_size * self._seen()[0].flops + (1 - alone) * super().flops_per_step()

    # ---- results

    def restored(self, weights: Weights) -> Autoencoder:
        """The autoencoder with these weights, on the CPU."""
        return filled(self.form.build, weights["generator"])

    def save_model(self, folder: Path, weights: Weights, metrics: dict[str, Any], cost: dict[str, Any]) -> None:
        """The averaged autoencoder; the discriminator's work is done."""
        super().save_model(folder, {"generator": weights["generator"]}, metrics, cost)
