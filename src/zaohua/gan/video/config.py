"""The recipe of `task = "gan-video"`."""

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from zaohua.data.clips.config import ClipConfig
from zaohua.gan.config import (
    AdversarialTrainConfig,
    AugmentConfig,
    LossConfig,
    RegulariserConfig,
    check_size,
    with_size,
)
from zaohua.gan.networks.shape import shape
from zaohua.gan.video.networks.shape import ClipShape
from zaohua.recipe import Section
from zaohua.training.config import Count, Positive, RunConfig

NETWORKS, SIZES = ("nano", "small"), (32, 64)
_DIAL = re.compile(rf"({'|'.join(NETWORKS)})({'|'.join(map(str, SIZES))})")
_DEFAULT = "nano32"
_FEWEST = 3  # frames: a change, and the next one
Width = Annotated[int, Field(ge=1, le=1024)]


class ClipModelConfig(Section):
    """The `[model]` section. network: the one dial, a family of networks and the side of the frames in pixels."""

    network: str = Field(_DEFAULT, description=f"{', '.join(NETWORKS)}, with 32 or 64 behind it")
    content: Width = Field(64, description="numbers that say what is seen in a clip")
    noise: Width = Field(8, description="numbers drawn at each knot of the motion")
    motion: Width = Field(16, description="numbers that say what moves, at any time")
    spacing: Count = Field(4, description="frames from knot to knot")
    looks: Annotated[int, Field(ge=2, le=16)] = Field(3, description="frames of a clip that the discriminator sees")
    generator_width: Positive = Field(1.0, description="factor on its channels")
    discriminator_width: Positive = Field(1.0, description="factor on its channels")

    @model_validator(mode="after")
    def _known(self) -> "ClipModelConfig":
        if not _DIAL.fullmatch(self.network):
            raise ValueError(f"network is {' or '.join(NETWORKS)} with 32 or 64 behind it, such as {_DEFAULT}")
        return self

    @property
    def size(self) -> int:
        """The side that the dial names, in pixels."""
        return int(re.sub(r"\D", "", self.network))

    def shape(self, length: int, channels: int, classes: int) -> ClipShape:
        """Both networks' shape for windows of so many frames."""
        picture = shape(
            self.network.removesuffix(str(self.size)),
            self.size,
            channels,
            classes=classes,
            latent=self.content + self.motion,
            generator_width=self.generator_width,
            discriminator_width=self.discriminator_width,
        )
        return ClipShape(picture, length, self.looks, self.content, self.noise, self.motion, self.spacing)


class MeasureConfig(Section):
    """The `[measure]` section: how the clips are judged.

    extractor: whose features single frames are compared in; see zaohua.judges.extractor.EXTRACTORS. samples: clips made
    for each evaluation while it trains. final: made at the end, and no more than there are windows held back. realism:
    steps of the fresh classifier that is to tell real from generated at the end.
    """

    extractor: str | None = Field(None, description="left out: by the clips")
    samples: Annotated[int, Field(ge=16, le=10_000)] = 300
    final: Annotated[int, Field(ge=16, le=10_000)] = 1_000
    realism: Annotated[int, Field(ge=0, le=10_000)] = Field(200, description="0: not at all")


class SampleConfig(Section):
    """The `[sample]` section. clips: how many are shown each time, from the same latent vectors all through the run;
    frames: of each, left out: twice as many as were learnt together."""

    clips: Annotated[int, Field(ge=1, le=64)] = 16
    frames: Annotated[int, Field(ge=2, le=1_000)] | None = None


class ClipRecipe(Section):
    """The whole recipe."""

    task: Literal["gan-video"]
    data: ClipConfig
    model: ClipModelConfig = ClipModelConfig()
    loss: LossConfig = LossConfig()
    regulariser: RegulariserConfig = RegulariserConfig()
    augment: AugmentConfig = AugmentConfig()
    train: AdversarialTrainConfig = AdversarialTrainConfig()
    measure: MeasureConfig = MeasureConfig()
    sample: SampleConfig = SampleConfig()
    run: RunConfig

    @model_validator(mode="after")
    def _fits(self) -> "ClipRecipe":
        check_size(self.data, self.model)
        if self.data.frames < _FEWEST:
            raise ValueError(f"data.frames = {self.data.frames}: a motion has at least {_FEWEST} frames")
        if self.model.looks > self.data.frames:
            raise ValueError(
                f"model.looks = {self.model.looks} frames cannot be seen of data.frames = {self.data.frames}"
            )
        return self

    def sized(self) -> "ClipRecipe":
        """With data.size as the dial says."""
        return with_size(self)
