"""The `[data]` section of a recipe for pairs of pictures."""

from typing import Literal

from pydantic import Field, model_validator

from zaohua.data.pictures.config import Background, Fit, PictureConfig
from zaohua.data.pictures.filters import FILTERS
from zaohua.recipe import Section

HALVES = ("left", "right")


class PairConfig(Section):
    """Where both kinds of picture come from, what is made of them, and how many are held back for validation."""

    source: str = Field(description="what is to be made: folder:PATH zip:PATH or builtin:NAME")
    needs: str | None = Field(default=None, description="what the user must bring, if anything")
    input: str = Field(
        description="what it is made from: folder:PATH zip:PATH or builtin:NAME with pictures of the same names; left "
        "or right: that half of each picture of data.source; edges or grey: drawn from each picture by a filter"
    )
    paired: bool = Field(default=True, description="false: two kinds of picture, none of which has a partner")
    size: Literal[16, 32, 64, 128, 256] = Field(default=64, description="width and height in pixels")
    crop: int | None = Field(
        default=None, ge=8, le=256, description="side of the square, cut out at random, that is trained on"
    )
    channels: Literal["auto", 1, 3, 4] = Field(default="auto", description="of what is to be made")
    input_channels: Literal["auto", 1, 3, 4] = Field(default="auto", description="of what it is made from")
    fit: Fit = "cover"
    background: Background = (255, 255, 255)
    validation: float = Field(default=0.1, gt=0.0, lt=1.0, description="share of the pictures held back")
    validation_source: str | None = Field(default=None, description="pictures to hold back, all of them")
    validation_input: str | None = Field(default=None, description="and what they are made from, as data.input")
    flip: bool = Field(default=False, description="whether a picture's mirror image is as good as itself")

    @property
    def is_derived(self) -> bool:
        """Whether the input is made from the pictures of data.source."""
        return self.input in (*HALVES, *FILTERS)

    def pictures(self, source: str, channels: Literal["auto", 1, 3, 4]) -> PictureConfig:
        """How pictures of one of the two kinds are read."""
        names = ("size", "fit", "background", "validation")
        values = {name: getattr(self, name) for name in names}
        return PictureConfig(source=source, channels=channels, classes=False, **values)

    @model_validator(mode="after")
    def _fits(self) -> "PairConfig":
        if self.crop is not None and self.crop > self.size:
            raise ValueError(f"crop: {self.crop} does not fit into size = {self.size}")
        if self.is_derived and not self.paired:
            raise ValueError(f"input = {self.input!r} gives every picture its partner: leave paired = true")
        if (self.validation_source is None) != (self.validation_input is None) and not self.is_derived:
            raise ValueError("validation_source and validation_input: give both or none")
        return self
