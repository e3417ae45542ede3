"""The recipe of `task = "sound-tokens"`."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from zaohua.data.sounds import SoundConfig
from zaohua.gan.config import RegulariserConfig
from zaohua.gan.vocoder.config import MelSection
from zaohua.multimodal.tokenisers.config import TokeniserLossConfig, TokeniserModelConfig, TokeniserTrainConfig
from zaohua.recipe import Section
from zaohua.training.config import Count, RunConfig


class SoundTokensModelConfig(TokeniserModelConfig):
    """The `[model]` section. frames: of the spectrogram, that one token stands for."""

    frames: Annotated[int, Field(ge=1, le=64)] = 2
    width: Annotated[int, Field(ge=8, le=4096, multiple_of=2)] = Field(192, description="channels")
    discriminator_width: Count = Field(16, description="its channels at full size")
    blocks: Annotated[int, Field(ge=0, le=64)] = Field(3, description="residual blocks of either network")
    vocoder: str | None = Field(
        None, description="the folder of a vocoder, whose spectrograms are taken and which is put beside the tokeniser"
    )


class SoundTokensTrainConfig(TokeniserTrainConfig):
    """The `[train]` section. A sound is a segment of `frames` frames."""

    frames: Annotated[int, Field(ge=8, le=4096)] = Field(64, description="of the segments that are trained on")
    batch_size: Count = 32


class MeasureConfig(Section):
    """The `[measure]` section. most: held-out sounds that are listened to, at most. speech: whether a recogniser
    listens for the classes as words; auto: if it is there and knows them."""

    most: Annotated[int, Field(ge=2)] = 300
    speech: bool | Literal["auto"] = "auto"


class SoundTokensRecipe(Section):
    """The whole recipe."""

    task: Literal["sound-tokens"]
    data: SoundConfig
    mel: MelSection = MelSection()
    model: SoundTokensModelConfig = SoundTokensModelConfig()
    loss: TokeniserLossConfig = TokeniserLossConfig()
    regulariser: RegulariserConfig = RegulariserConfig()
    train: SoundTokensTrainConfig = SoundTokensTrainConfig()
    measure: MeasureConfig = MeasureConfig()
    run: RunConfig

    @model_validator(mode="after")
    def _whole(self) -> "SoundTokensRecipe":
        if self.data.seconds is not None:
            raise ValueError("data.seconds cuts sounds off: a tokeniser learns from whole ones, so leave it out")
        if self.train.frames % self.model.frames:
            raise ValueError("train.frames is no multiple of model.frames: a segment is of whole tokens")
        if self.model.vocoder is not None and self.mel.model_fields_set:
            raise ValueError("[mel] is the vocoder's where model.vocoder is given: leave it out")
        return self
