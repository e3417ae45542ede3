"""The whole recipe of `task = "gan-sound"`."""

from typing import Annotated, Literal

from pydantic import Field

from zaohua.data.sounds import SoundConfig
from zaohua.gan.config import AdversarialTrainConfig, AugmentConfig, LossConfig, RegulariserConfig
from zaohua.recipe import Section
from zaohua.training.config import Positive, RunConfig


class ClipConfig(SoundConfig):
    """The `[data]` section: sounds of one length, equally loud."""

    seconds: float = Field(default=1.0, gt=0, le=60, description="length of all sounds")
    trim: bool = Field(default=True, description="whether silence before and after a sound is cut off")
    level: bool = Field(default=True, description="whether all sounds are made equally loud, by their peaks")


class SoundModelConfig(Section):
    """The `[model]` section.

    form: "spectrum" makes pictures of sound, log-mel spectrograms of size × size, whose phase is then found by
    Griffin-Lim; "wave" makes the samples themselves.
    """

    form: Literal["spectrum", "wave"] = "spectrum"
    network: Literal["nano", "small"] = Field("nano", description="of the spectrum: its channels, as for pictures")
    size: Literal[32, 64, 128] = Field(64, description="of the spectrum: bands, and moments in time")
    latent: Annotated[int, Field(ge=1, le=1024)] = 64
    blocks: Annotated[int, Field(ge=0, le=8)] = Field(0, description="of the spectrum: residual blocks in each octave")
    generator_width: Positive = Field(1.0, description="factor on its channels")
    discriminator_width: Positive = Field(1.0, description="factor on its channels")


class MeasureConfig(Section):
    """The `[measure]` section: how the sounds are judged.

    samples: sounds made for each evaluation while it trains. final: made at the end. realism: steps of the fresh
    classifier that is to tell real from generated at the end. speech: whether PocketSphinx listens at the end; auto: if
    it is installed and the classes are words that it knows.
    """

    samples: Annotated[int, Field(ge=16, le=10_000)] = 500
    final: Annotated[int, Field(ge=16, le=10_000)] = 500
    realism: Annotated[int, Field(ge=0, le=10_000)] = Field(400, description="0: not at all")
    speech: bool | Literal["auto"] = "auto"


class SampleConfig(Section):
    """The `[sample]` section. sounds: how many are saved each time, from the same latent vectors all through the run,
    the classes in turn."""

    sounds: Annotated[int, Field(ge=1, le=100)] = 10


class SoundRecipe(Section):
    """The whole recipe of `task = "gan-sound"`."""

    task: Literal["gan-sound"]
    data: ClipConfig
    model: SoundModelConfig = SoundModelConfig()
    loss: LossConfig = LossConfig()
    regulariser: RegulariserConfig = RegulariserConfig()
    augment: AugmentConfig = AugmentConfig(strength=0.4)
    train: AdversarialTrainConfig = AdversarialTrainConfig()
    measure: MeasureConfig = MeasureConfig()
    sample: SampleConfig = SampleConfig()
    run: RunConfig
