"""The sections of a recipe that both kinds of tokeniser have."""

from math import prod
from typing import Annotated, Literal

from pydantic import Field, model_validator

from zaohua.gan.config import AdversarialTrainConfig, Beta, LossConfig
from zaohua.multimodal.tokenisers.fsq import LEVELS
from zaohua.recipe import Section
from zaohua.training.config import Count, Fraction, Positive

MOST_CODES = 1 << 16
Level = Annotated[int, Field(ge=2, le=256)]


class TokeniserModelConfig(Section):
    """What `[model]` has in common. levels: of each number of a code; their product is how many codes there are."""

    levels: tuple[Level, ...] = LEVELS
    width: Annotated[int, Field(ge=8, le=4096, multiple_of=2)] = Field(128, description="channels")
    blocks: Annotated[int, Field(ge=0, le=64)] = Field(2, description="residual blocks of either network")
    discriminator_width: Count = Field(32, description="its channels at full size")
    discriminator_layers: Annotated[int, Field(ge=1, le=4)] = Field(
        2, description="halvings; a number of the discriminator looks at about 2^(layers + 2) pixels"
    )

    @model_validator(mode="after")
    def _some_codes(self) -> "TokeniserModelConfig":
        if not 2 <= prod(self.levels) <= MOST_CODES:
            raise ValueError(f"levels: their product, the number of codes, is {MOST_CODES} at most")
        return self


class TokeniserLossConfig(LossConfig):
    """The `[loss]` section: the adversarial loss, and factors of what stands beside it."""

    l1: Positive = Field(50.0, description="of the distance from the original")
    gradient: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        25.0, description="of that of its differences between neighbours, at several sizes"
    )
    begin: Fraction = Field(
        0.7, description="share of the run after which the adversarial loss is added; 1: never, 0: from the start"
    )


class TokeniserTrainConfig(AdversarialTrainConfig):
    """The `[train]` section."""

    betas: tuple[Beta, Beta] = (0.8, 0.99)
    learning_rate: Positive | None = 2e-3
    discriminator_rate: Positive = 0.5
    batch_size: Count = 32
    warmup: Annotated[int, Field(ge=0)] = 20
    schedule: Literal["wsd", "cosine", "constant"] = "cosine"
    final: Fraction = 0.02
