"""The recipe of `task = "vocoder"`."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from zaohua.data.sounds import SoundConfig
from zaohua.errors import UsageError
from zaohua.gan.config import AdversarialTrainConfig, Beta, LossConfig, RegulariserConfig
from zaohua.i18n import t
from zaohua.nn.mel import MelConfig, Scale, filterbank, usual
from zaohua.recipe import Section
from zaohua.training.config import Count, Fraction, Positive, RunConfig

Hertz = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class MelSection(Section):
    """The `[mel]` section: what the model reads. What is left out is what suits speech at the data's rate."""

    n_fft: Count | None = Field(None, ge=16, le=8192, description="samples of a frame, 4 hops")
    bands: Count | None = Field(None, ge=2, le=512)
    low: Hertz = 0.0
    high: Hertz = Field(0.0, description="where the highest band ends; 0: half the rate")
    scale: Scale = "slaney"

    def at(self, rate: int) -> MelConfig:
        """All of it, for sounds of this rate. UsageError for what cannot be."""
        n_fft = self.n_fft or usual(rate).n_fft
        bands = self.bands or min(usual(rate).bands, n_fft // 4)
        config = MelConfig(rate, n_fft, n_fft // 4, bands, self.low, self.high, self.scale)
        problem = (
            "windows" if n_fft % 4 else
            "range" if not config.low < (config.high or rate / 2) <= rate / 2 else
            "bands" if not (filterbank(rate, config.n_fft, *_bands(config)).sum(1) > 0).all() else None
        )  # fmt: skip
        if problem:
            raise UsageError(t(f"vocoder.bad_{problem}", n_fft=n_fft, bands=bands))
        return config


class VocoderModelConfig(Section):
    """The `[model]` section."""

    width: Count = Field(256, le=4096, description="channels of the generator")
    layers: Count = Field(6, le=64, description="its residual blocks")
    rounds: Annotated[int, Field(ge=0, le=64)] = Field(12, description="of its first guess; each delays a stream too")
    discriminators: Positive = Field(0.125, le=2, description="their channels, as a share of the papers'")


class VocoderLossConfig(LossConfig):
    """The `[loss]` section: the adversarial loss, and the weights of what the generator minimises beside it."""

    kind: Literal["non_saturating", "minimax", "least_squares", "wasserstein", "hinge", "relativistic"] = (
        "least_squares"
    )
    mel: Positive = Field(4.0, description="weight of the distance of log-mel spectrograms")
    features: Annotated[float, Field(ge=0)] = Field(8.0, description="of what the discriminators' layers see")


class VocoderRegulariserConfig(RegulariserConfig):
    """The `[regulariser]` section; the distances that the generator minimises make one unnecessary."""

    kind: Literal["zero_centred", "r1", "r2", "gradient_penalty", "clip", "none"] = "none"


class VocoderTrainConfig(AdversarialTrainConfig):
    """The `[train]` section. A sound is a segment of `frames` frames."""

    betas: tuple[Beta, Beta] = (0.8, 0.9)
    learning_rate: Positive | None = 5e-4
    discriminator_rate: Positive = 2.0
    batch_size: Count | None = 4
    final: Fraction = 0.05
    frames: Annotated[int, Field(ge=8, le=4096)] = Field(64, description="of the segments that are trained on")


class VocoderRecipe(Section):
    """The whole recipe."""

    task: Literal["vocoder"]
    data: SoundConfig
    mel: MelSection = MelSection()
    model: VocoderModelConfig = VocoderModelConfig()
    loss: VocoderLossConfig = VocoderLossConfig()
    regulariser: VocoderRegulariserConfig = VocoderRegulariserConfig()
    train: VocoderTrainConfig = VocoderTrainConfig()
    run: RunConfig

    @model_validator(mode="after")
    def _whole_clips(self) -> "VocoderRecipe":
        if self.data.seconds is not None:
            raise ValueError("data.seconds cuts sounds off: a vocoder learns from whole ones, so leave it out")
        return self


def _bands(config: MelConfig) -> tuple[int, float, float, Scale]:
    return config.bands, config.low, config.high, config.scale
