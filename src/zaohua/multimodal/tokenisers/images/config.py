"""The recipe of `task = "image-tokens"`."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from zaohua.data.pictures.config import PictureConfig
from zaohua.gan.config import RegulariserConfig
from zaohua.judges.extractor import EXTRACTORS
from zaohua.multimodal.tokenisers.config import TokeniserLossConfig, TokeniserModelConfig, TokeniserTrainConfig
from zaohua.recipe import Section
from zaohua.training.config import Fraction, RunConfig


class ImageTokensModelConfig(TokeniserModelConfig):
    """The `[model]` section. width is that of the 8 × 8 places, half of it that of the 16 × 16."""

    fine: Annotated[int, Field(ge=0, le=64)] = Field(1, description="residual blocks at 16 × 16")


class VaryConfig(Section):
    """The `[vary]` section: what is done to pictures before they are learnt from, so that few of them teach more."""

    shift: Annotated[float, Field(ge=0, le=0.5)] = Field(0.125, description="of the side, as far as one is moved")
    colours: Fraction = Field(0.0, description="share of the pictures whose red, green and blue change places")


class MeasureConfig(Section):
    """The `[measure]` section: by what pictures are judged that have been through their tokens."""

    extractor: str | None = Field(None, description="one of " + ", ".join(EXTRACTORS) + "; left out: by the pictures")
    most: Annotated[int, Field(ge=2)] = Field(512, description="held-out pictures that are looked at, at most")

    @model_validator(mode="after")
    def _known(self) -> "MeasureConfig":
        if self.extractor not in (None, *EXTRACTORS):
            raise ValueError(f"extractor: one of {', '.join(EXTRACTORS)}")
        return self


class ImageTokensRecipe(Section):
    """The whole recipe."""

    task: Literal["image-tokens"]
    data: PictureConfig
    model: ImageTokensModelConfig = ImageTokensModelConfig()
    vary: VaryConfig = VaryConfig()
    loss: TokeniserLossConfig = TokeniserLossConfig()
    regulariser: RegulariserConfig = RegulariserConfig()
    train: TokeniserTrainConfig = TokeniserTrainConfig()
    measure: MeasureConfig = MeasureConfig()
    run: RunConfig
