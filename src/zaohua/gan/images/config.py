"""The recipe of `task = "gan-image"`."""

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from zaohua.data.pictures.config import PictureConfig
from zaohua.gan.config import (
    AdversarialTrainConfig,
    AugmentConfig,
    LossConfig,
    RegulariserConfig,
    check_size,
    with_size,
)
from zaohua.gan.networks.shape import NETWORKS, Shape, shape
from zaohua.recipe import Section
from zaohua.training.config import Positive, RunConfig

SIZES = (16, 32, 64, 128, 256)
_DIAL = re.compile(rf"({'|'.join(NETWORKS)})({'|'.join(map(str, SIZES))})")


class PictureModelConfig(Section):
    """The `[model]` section. network: the one dial, a family of networks and the side of the pictures in pixels."""

    network: str = Field("nano32", description=f"{', '.join(NETWORKS)}, with 16, 32, 64, 128 or 256 behind it")
    latent: Annotated[int, Field(ge=1, le=1024)] = Field(64, description="numbers that a picture is made from")
    blocks: Annotated[int, Field(ge=0, le=8)] = Field(0, description="residual blocks at each size")
    own_start: bool = Field(False, description="each class begins from a picture of its own; for many narrow classes")
    generator_width: Positive = Field(1.0, description="factor on its channels")
    discriminator_width: Positive = Field(1.0, description="factor on its channels")

    @model_validator(mode="after")
    def _known(self) -> "PictureModelConfig":
        if not _DIAL.fullmatch(self.network):
            sizes = ", ".join(map(str, SIZES))
            raise ValueError(f"network is one of {', '.join(NETWORKS)} with one of {sizes} behind it, such as nano32")
        if self.own_start and self.network.startswith("dcgan"):
            raise ValueError("own_start: dcgan begins from no learnt picture; take it with nano or small")
        return self

    @property
    def size(self) -> int:
        """The side that the dial names, in pixels."""
        return int(re.sub(r"\D", "", self.network))

    def shape(self, channels: int, classes: int) -> Shape:
        """Both networks' shape for such pictures."""
        return shape(
            self.network.removesuffix(str(self.size)),
            self.size,
            channels,
            classes=classes,
            latent=self.latent,
            blocks=self.blocks,
            own_start=self.own_start,
            generator_width=self.generator_width,
            discriminator_width=self.discriminator_width,
        )


class ImageTrainConfig(AdversarialTrainConfig):
    """The `[train]` section. The generator's norms bear a high rate, and minutes call for one."""

    learning_rate: Positive | None = 2e-3


class MeasureConfig(Section):
    """The `[measure]` section: how the pictures are judged.

    extractor: whose features; see zaohua.judges.extractor.EXTRACTORS. samples: pictures made for each evaluation while
    it trains. final: made at the end, and no more than were held back, for both are measured in equal numbers.
    realism: steps of the fresh classifier that is to tell real from generated at the end.
    """

    extractor: str | None = Field(None, description="left out: by the pictures")
    samples: Annotated[int, Field(ge=16, le=50_000)] | None = Field(None, description="left out: by the extractor")
    final: Annotated[int, Field(ge=16, le=50_000)] = 5_000
    realism: Annotated[int, Field(ge=0, le=10_000)] = Field(400, description="0: not at all")


class SampleConfig(Section):
    """The `[sample]` section. pictures: how many the grid shows, from the same latent vectors all through the run."""

    pictures: Annotated[int, Field(ge=1, le=256)] = 64


class ImageRecipe(Section):
    """The whole recipe."""

    task: Literal["gan-image"]
    data: PictureConfig
    model: PictureModelConfig = PictureModelConfig()
    loss: LossConfig = LossConfig()
    regulariser: RegulariserConfig = RegulariserConfig()
    augment: AugmentConfig = AugmentConfig()
    train: ImageTrainConfig = ImageTrainConfig()
    measure: MeasureConfig = MeasureConfig()
    sample: SampleConfig = SampleConfig()
    run: RunConfig

    @model_validator(mode="after")
    def _one_size(self) -> "ImageRecipe":
        check_size(self.data, self.model)
        return self

    def sized(self) -> "ImageRecipe":
        """With data.size as the dial says."""
        return with_size(self)
