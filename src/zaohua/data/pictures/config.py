"""The `[data]` section of a recipe for pictures."""

from typing import Annotated, Literal, get_args

from pydantic import Field

from zaohua.recipe import Section

_Byte = Annotated[int, Field(ge=0, le=255)]
_Way = Literal["cover", "contain", "stretch", "pad"]
FITS: tuple[str, ...] = get_args(_Way)
Fit = Annotated[
    _Way,
    Field(
        description="cover: cut what stands over; contain: the whole on the background; stretch: distorted; "
        "pad: as contain, but never enlarged"
    ),
]
"""How a picture of other proportions is made square: see zaohua.data.pictures.fit."""
Background = Annotated[
    tuple[_Byte, _Byte, _Byte],
    Field(description="red, green and blue under what is transparent and around what is small"),
]


class PictureConfig(Section):
    """Where the pictures come from, what is made of them, and how many are held back for validation."""

    source: str = Field(description="folder:PATH zip:PATH idx:PATH or builtin:NAME")
    needs: str | None = Field(default=None, description="what the user must bring, if anything")
    size: Literal[16, 32, 64, 128, 256] = Field(default=32, description="width and height in pixels")
    channels: Literal["auto", 1, 3, 4] = Field(default="auto", description="1: grey, 3: colour, 4: with transparency")
    classes: bool | Literal["auto"] = Field(
        default="auto", description="whether folders (or the labels beside an idx file) are classes; auto: if all are"
    )
    fit: Fit = "cover"
    background: Background = (255, 255, 255)
    validation: float = Field(default=0.1, gt=0.0, lt=1.0, description="share of the pictures held back")
    validation_source: str | None = Field(default=None, description="pictures to hold back, all of them")
    flip: bool = Field(default=False, description="whether a picture's mirror image is as good as itself")
