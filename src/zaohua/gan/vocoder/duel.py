"""The two networks of a vocoder: the generator is also held to the sound that the spectrogram was made of."""

from dataclasses import dataclass

import torch
from torch import Tensor

from zaohua.gan.adversarial import Batch, Duel
from zaohua.gan.losses import LOSSES
from zaohua.gan.vocoder.config import VocoderLossConfig
from zaohua.gan.vocoder.losses import feature_matching, mel_loss
from zaohua.nn.mel import MelConfig
from zaohua.training.task import Draw


@dataclass(frozen=True, kw_only=True)
class VocoderDuel(Duel):
    """Batch.latent is a spectrogram [B, bands, T], Batch.real its wave [B, T · hop]."""

    loss: VocoderLossConfig
    mel: MelConfig

    def generator_loss(self, batch: Batch, draw: Draw) -> tuple[Tensor, dict[str, Tensor]]:
        """The adversarial loss, and both distances from the real sound, weighed by the recipe. Every discriminator is
        asked once: its scores and what its layers saw come from one pass."""
        self._clip()
        made = self.generator(batch.latent, batch.condition)
        with torch.no_grad():
            of_real = self.discriminator(batch.real, features=True)
        of_fake = self.discriminator(made, features=True)
        numbers = {
            "adversarial": LOSSES[self.loss.kind](of_real.scores, of_fake.scores, (1.0, 1.0)).generator,
            "mel": mel_loss(batch.real, made, self.mel),
            "features": feature_matching(of_real.features, of_fake.features),
        }
        total = numbers["adversarial"] + self.loss.mel * numbers["mel"] + self.loss.features * numbers["features"]
        return total, numbers
