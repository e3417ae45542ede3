"""The sections of a recipe that every adversarial task has."""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, model_validator

from zaohua.gan.losses import LOSSES
from zaohua.recipe import Section
from zaohua.training.config import Count, Fraction, Positive, TrainConfig

_MOST = 0.8  # of an adaptive strength: above it distortions begin to leak into what is generated (the paper, §3.1)
R = TypeVar("R", bound=Section)
Beta = Annotated[float, Field(ge=0, lt=1)]


class LossConfig(Section):
    """The `[loss]` section. real, fake: factors of the discriminator's two terms."""

    kind: Literal["non_saturating", "minimax", "least_squares", "wasserstein", "hinge", "relativistic"] = "relativistic"
    real: Positive = 1.0
    fake: Positive = 1.0

    @model_validator(mode="after")
    def _can_be_weighed(self) -> "LossConfig":
        if self.kind == "relativistic" and self.real != self.fake:
            raise ValueError("a relativistic loss compares pairs: it has no real and fake term to weigh differently")
        return self


assert set(LossConfig.model_fields["kind"].annotation.__args__) == set(LOSSES)  # type: ignore[union-attr]


class RegulariserConfig(Section):
    """The `[regulariser]` section: what keeps the discriminator from growing steep.

    zero_centred: γ/2 (R1 + R2), the slope at real and at generated samples; r1, r2: one of them; gradient_penalty: the
    slope between them, drawn to 1; clip: weights within a limit; none.
    """

    kind: Literal["zero_centred", "r1", "r2", "gradient_penalty", "clip", "none"] = "zero_centred"
    gamma: Positive | Literal["auto"] | None = Field(
        None, description="of R1 and R2; left out: by the size of the samples; auto: the best of a short trial of three"
    )
    final: Fraction = Field(0.1, description="share of gamma that is left at the end, on a cosine")
    every: Count = Field(4, description="steps from one penalty to the next, which weighs as much more")
    estimate: Literal["exact", "difference"] = Field(
        "exact", description="difference: from a second look nearby, for compiled or sharded models"
    )
    weight: Positive = Field(10.0, description="of gradient_penalty")
    limit: Positive = Field(0.01, description="of clip")
    spectral_norm: bool = Field(False, description="divide the discriminator's matrices by their norms")

    @property
    def penalises(self) -> bool:
        """Whether there is a term beside the loss."""
        return self.kind in ("zero_centred", "r1", "r2", "gradient_penalty")

    @model_validator(mode="after")
    def _fits(self) -> "RegulariserConfig":
        if self.kind == "gradient_penalty" and self.estimate == "difference":
            raise ValueError("estimate = 'difference' knows no slope of 1: take it with zero_centred, r1 or r2")
        if self.gamma == "auto" and self.kind not in ("zero_centred", "r1", "r2"):
            raise ValueError("gamma = 'auto' chooses the weight of R1 and R2: take it with zero_centred, r1 or r2")
        return self


class AugmentConfig(Section):
    """The `[augment]` section: distortions of what the discriminator sees."""

    strength: Fraction = Field(0.0, description="how probable each distortion is at most")
    ramp: Fraction = Field(0.5, description="share of the run over which it grows from 0, if it is not adaptive")
    adaptive: bool = Field(False, description="as strong as learning by heart asks for, up to strength or 0.8")
    target: Fraction | None = Field(None, description="of the measured overfitting; left out: what suits the loss")

    @property
    def most(self) -> float:
        """The strength that is never exceeded."""
        return self.strength or (_MOST if self.adaptive else 0.0)


class AdversarialTrainConfig(TrainConfig):
    """The `[train]` section with what suits two networks that learn from each other."""

    optimiser: Literal["muon", "adamw"] = "adamw"
    betas: tuple[Beta, Beta] = (0.0, 0.99)
    learning_rate: Positive | None = 1e-3
    discriminator_rate: Positive = Field(1.0, description="the discriminator's learning rate, as a factor")
    discriminator_steps: Count = Field(1, description="of the discriminator to one of the generator")
    batch_size: Count | None = 32
    schedule: Literal["wsd", "cosine", "constant"] = "cosine"
    final: Fraction = 0.2


def check_size(data: Any, model: Any) -> None:
    """ValueError for a `[data]` section that names another size than the dial of the model does."""
    if "size" in data.model_fields_set and data.size != model.size:
        raise ValueError(f"data.size = {data.size}, but model.network = {model.network}: leave it out")


def with_size(recipe: R) -> R:
    """The recipe with data.size as the dial of its model says."""
    sections: Any = recipe
    return recipe.model_copy(update={"data": sections.data.model_copy(update={"size": sections.model.size})})
