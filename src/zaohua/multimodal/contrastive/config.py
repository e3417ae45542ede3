"""The recipe of `task = "contrastive"`, and the shape that follows from it."""

import math
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from zaohua.data.captioned.config import CaptionedConfig
from zaohua.language.tokenizer import TokenizerConfig
from zaohua.multimodal.contrastive.shape import TowersConfig, encoder_stack
from zaohua.multimodal.sight import USUAL, places_of
from zaohua.nn.config import TransformerConfig
from zaohua.nn.mel import usual
from zaohua.recipe import Section
from zaohua.training.config import Count, Fraction, RunConfig, TrainConfig

_HEAD = 32  # channels of a head
_PATCH_SECONDS, _LONGEST = 0.1, 10.0  # of sound: a patch, and what is heard of a sound where the recipe does not say
_MOST_BANDS = 64
Share = Annotated[float, Field(ge=0, lt=1)]


class TowerModelConfig(Section):
    """The `[model]` section: one dial, the depth of both towers, or the numbers themselves."""

    depth: Annotated[int, Field(gt=0, le=48)] = Field(4, description="layers of each tower; the width is 48 times that")
    width: Count | None = Field(None, description="a multiple of 32")
    text_layers: Count | None = None
    text_width: Count | None = Field(None, description="a multiple of 32")
    dim: Count | None = Field(None, description="numbers of a vector; left out: the width")
    context: Annotated[int, Field(ge=4, le=1024)] = Field(32, description="tokens of a caption that are read")
    patch: Literal[4, 8, 16, 32] = Field(8, description="pixels of a patch's side")
    stem: Literal["patches", "conv"] = Field("patches", description="one matrix, or convolutions down to a patch")
    sight: str | None = Field(
        None,
        description=f"{USUAL}: a frozen network of photographs looks at pictures, and the tower reads what it sees "
        "instead of patches",
    )
    dropout: Share = 0.1

    @field_validator("sight")
    @classmethod
    def _known_sight(cls, name: str | None) -> str | None:
        if name:
            places_of(name)
        return name or None

    @model_validator(mode="after")
    def _heads(self) -> "TowerModelConfig":
        for name in ("width", "text_width"):
            value = getattr(self, name)
            if value is not None and value % _HEAD:
                raise ValueError(f"{name} = {value} is no multiple of {_HEAD}, the channels of a head")
        return self


class ContrastiveLossConfig(Section):
    """The `[loss]` section. kind: all captions of a batch compete for a picture (softmax), or each pair is judged by
    itself (sigmoid)."""

    kind: Literal["softmax", "sigmoid"] = "softmax"
    equal: bool = Field(
        True, description="whether a caption that is also another picture's is an answer to it too, and counts once"
    )
    near: Fraction | None = Field(
        None, description="share of tokens from which two captions count as equal; left out: none but equal ones do"
    )
    within: Annotated[float, Field(ge=0)] = Field(
        0.0, description="weight of the difference between two views of one picture, and two captions of it"
    )


class ViewsConfig(Section):
    """The `[views]` section: how differently a thing is shown each time."""

    count: Annotated[int, Field(ge=1, le=64)] = Field(
        3, description="with model.sight: how many views of a picture are looked at before training, itself among them"
    )
    crop: Share = Field(0.3, description="of the side of a picture that is cut away at most")
    colour: Share = Field(0.2, description="change of brightness and contrast at most")
    gain: Annotated[float, Field(ge=0)] = Field(0.3, description="change of a sound's loudness, of its usual range")
    mask: Share = Field(0.2, description="of a sound's times and bands that are hidden at most")
    tokens: Share = Field(0.1, description="of a caption's tokens that are left out")
    prompts: Fraction = Field(0.3, description="of the captions that stand in a sentence")


class ContrastiveTrainConfig(TrainConfig):
    """The `[train]` section. cache: pairs whose activations are in memory at once, however large the batch."""

    batch_size: Count | None = 128
    cache: Count | None = Field(None, description="left out: all of the batch")
    weight_decay: Annotated[float, Field(ge=0)] = 0.1


class ContrastiveRecipe(Section):
    """The whole recipe."""

    task: Literal["contrastive"]
    data: CaptionedConfig
    tokenizer: TokenizerConfig = TokenizerConfig(vocab_size=2048)
    model: TowerModelConfig = TowerModelConfig()
    loss: ContrastiveLossConfig = ContrastiveLossConfig()
    views: ViewsConfig = ViewsConfig()
    train: ContrastiveTrainConfig = ContrastiveTrainConfig()
    run: RunConfig

    @model_validator(mode="after")
    def _possible(self) -> "ContrastiveRecipe":
        if self.data.kind == "clips":
            raise ValueError("task contrastive reads pictures or sounds: data.kind = 'clips' is for others")
        if self.model.sight and self.data.kind != "pictures":
            raise ValueError("model.sight looks at pictures: leave it out for sounds")
        if self.train.accumulate > 1:
            raise ValueError("pairs compete within a whole batch: take train.cache in place of train.accumulate")
        if self.data.size % self.model.patch:
            raise ValueError(f"data.size = {self.data.size} is no multiple of model.patch = {self.model.patch}")
        return self


def towers_config(
    recipe: ContrastiveRecipe, vocab_size: int, channels: int, rate: int, sight: str | None = None
) -> TowersConfig:
    """The shape of both towers for such data. channels: of pictures; rate: of sounds; sight: the name of the network
    that looks at pictures with the hash of its weights; left out: as the recipe calls it."""
    model, kind = recipe.model, recipe.data.kind
    assert kind != "clips"
    width = model.width or 48 * model.depth // _HEAD * _HEAD or _HEAD
    text_width = model.text_width or width
    settings: dict[str, Any] = {}
    if kind == "sounds":
        mel = usual(rate)
        frames = max(1, round(_PATCH_SECONDS * rate / mel.hop))
        seconds = recipe.data.seconds or _LONGEST
        settings = {
            "rate": rate,
            "n_fft": mel.n_fft,
            "hop": mel.hop,
            "bands": min(mel.bands, _MOST_BANDS),
            "frames": frames,
            "patches": math.ceil(seconds * rate / (mel.hop * frames)),
        }
    return TowersConfig(
        kind=kind,
        media=_stack(model.depth, width, model.dropout, learned=kind == "pictures"),
        text=_stack(model.text_layers or model.depth, text_width, model.dropout, learned=True),
        vocab_size=vocab_size,
        context=model.context,
        dim=model.dim or width,
        loss=recipe.loss.kind,
        size=recipe.data.size,
        channels=channels,
        patch=model.patch,
        stem=model.stem,
        sight=sight or model.sight or "",
        **settings,
    )


def _stack(layers: int, width: int, dropout: float, *, learned: bool) -> TransformerConfig:
    shape = {"layers": layers, "width": width, "heads": width // _HEAD, "head_dim": _HEAD, "ffn_width": 4 * width}
    return encoder_stack(**shape, learned=learned, dropout=dropout)
