"""The sections of a recipe that are a translation's own."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from zaohua.gan.config import AdversarialTrainConfig, Beta, LossConfig
from zaohua.judges.extractor import EXTRACTORS, EYES
from zaohua.recipe import Section
from zaohua.training.config import Count, Fraction, Positive

Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Method = Literal["paired", "l1", "cycle", "contrastive"]


class TranslationModelConfig(Section):
    """The `[model]` section. method: paired (pix2pix: L1 and a discriminator that is given the input), l1 (without the
    discriminator), cycle (CycleGAN: there and back, without pairs) or contrastive (CUT: one way, without pairs)."""

    method: Method = "paired"
    network: Literal["auto", "unet", "resnet"] = Field("auto", description="auto: unet with pairs, resnet without")
    width: Count = Field(32, description="channels at full size")
    depth: Annotated[int, Field(ge=1, le=7)] | None = Field(
        None, description="of a unet: halvings; left out: down to a side of 4 pixels"
    )
    blocks: Annotated[int, Field(ge=1, le=64)] | None = Field(
        None, description="residual blocks at the smallest size; left out: 2 in a unet, 6 in a resnet"
    )
    discriminator_width: Count = 32
    discriminator_layers: Annotated[int, Field(ge=1, le=6)] = Field(
        3, description="halvings; a number of the discriminator looks at about 2^(layers + 2) pixels"
    )

    @property
    def has_pairs(self) -> bool:
        """Whether the method learns from pairs."""
        return self.method in ("paired", "l1")


class TranslationLossConfig(LossConfig):
    """The `[loss]` section: the adversarial loss, and factors of what stands beside it."""

    l1: Weight = Field(50.0, description="with pairs: of the distance from the target")
    features: Weight = Field(0.0, description="with pairs: of that in the discriminator's features")
    perceptual: Weight = Field(0.0, description="with pairs: of how unlike the target it looks to a classifier")
    eye: str = Field("efficientnet-lite1-64", description="that classifier, one of " + ", ".join(EYES))
    begin: Fraction = Field(
        0.0, description="with pairs: share of the run before which the generator learns alone, without a discriminator"
    )
    cycle: Weight = Field(10.0, description="of the distance from the picture that has gone there and back")
    identity: Weight = Field(
        0.5, description="of leaving alone what is of the wanted kind, as a share of cycle or of contrast"
    )
    contrast: Weight = Field(1.0, description="of finding the place that a place was made from")
    temperature: Positive = Field(0.07, description="of contrast")
    places: Count = Field(256, description="of contrast: places in each stage")
    head: Count = Field(128, description="of contrast: numbers that a place is compared by")
    pool: Annotated[int, Field(ge=0)] = Field(48, description="of cycle: earlier pictures kept for the discriminators")

    @model_validator(mode="after")
    def _known(self) -> "TranslationLossConfig":
        if self.eye not in EYES:
            raise ValueError(f"eye: one of {', '.join(EYES)}")
        return self


class TranslationTrainConfig(AdversarialTrainConfig):
    """The `[train]` section; gentler than for networks that begin from noise, whose generators are not as deep."""

    betas: tuple[Beta, Beta] = (0.5, 0.99)
    learning_rate: Positive | None = 5e-4
    batch_size: Count = 16
    schedule: Literal["wsd", "cosine", "constant"] = "cosine"


class MeasureConfig(Section):
    """The `[measure]` section: by what translations of held-out pictures are judged."""

    extractor: str = Field("efficientnet-lite0-128", description="one of " + ", ".join(EXTRACTORS))
    most: Annotated[int, Field(ge=2)] = Field(512, description="held-out pictures that are translated at most")

    @model_validator(mode="after")
    def _known(self) -> "MeasureConfig":
        if self.extractor not in EXTRACTORS:
            raise ValueError(f"extractor: one of {', '.join(EXTRACTORS)}")
        return self
