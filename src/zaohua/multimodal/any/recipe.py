"""The recipe of `task = "any"`."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from zaohua.data.captioned import CaptionedConfig
from zaohua.i18n import t
from zaohua.language.dial import ModelConfig
from zaohua.language.tokenizer import TokenizerConfig
from zaohua.multimodal.any.templates import TEMPLATES
from zaohua.recipe import Section
from zaohua.training.config import Count, Fraction, Positive, RunConfig, TrainConfig


class AnyModelConfig(ModelConfig):
    """The decoder's shape and its tokenisers. image, audio: folders or runs of an image tokeniser and a sound
    tokeniser; sight: "efficientnet-lite0-128", a network of photographs by whose eyes pictures are read, instead of by
    the codes that draw them; frames: of a film, each as many tokens as a picture; base: an any-to-any model to go on
    from."""

    image: str | None = None
    audio: str | None = None
    sight: str | None = None
    frames: Annotated[int, Field(ge=1, le=64)] = 6
    base: str | None = None


class LossConfig(Section):
    """text, context: see templates.Weighting. without: the share of captions left out, for guidance; kinds: of prompts
    that tell the class of what is to be made; corrupt: of codes replaced by others when they are
    read, at most; every row draws its own share."""

    text: Annotated[float, Field(ge=0, le=100)] = 3.0
    context: Fraction = 0.05
    without: Fraction = 0.1
    kinds: Fraction = 0.0
    corrupt: Fraction = 0.2


class ViewsConfig(Section):
    """How many views each thing of the training has, itself among them; see examples.Views. Clips have one. mirror:
    pictures are learnt to be drawn in a mirror, too, half of the time."""

    count: Annotated[int, Field(ge=1, le=64)] = 1
    shift: Annotated[int, Field(ge=0, le=64)] = 2
    mirror: bool = False


class AnyRecipe(Section):
    """templates: how often each task is learnt, see templates.TEMPLATES; left out: the usual ones of the data."""

    task: Literal["any"]
    data: CaptionedConfig
    also: list[CaptionedConfig] = []
    tokenizer: TokenizerConfig = TokenizerConfig(vocab_size=2048)
    model: AnyModelConfig = AnyModelConfig()
    templates: dict[str, Positive] = {}
    views: ViewsConfig = ViewsConfig()
    loss: LossConfig = LossConfig()
    train: TrainConfig = TrainConfig()
    run: RunConfig
    measured: Count = 64  # validation examples of each template that the finished model is measured on

    @field_validator("templates")
    @classmethod
    def _known(cls, templates: dict[str, float]) -> dict[str, float]:
        for name in templates:
            if name not in TEMPLATES:
                raise ValueError(t("anymodal.unknown_template", name=name, known=", ".join(TEMPLATES)))
        return templates
