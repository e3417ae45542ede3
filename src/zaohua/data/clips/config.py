"""The `[data]` section of a recipe for clips."""

from typing import Annotated, Literal

from pydantic import Field

from zaohua.data.pictures.config import Background, Fit
from zaohua.recipe import Section

FASTEST = 240.0  # frames a second
Rate = Annotated[float, Field(gt=0, le=FASTEST)]


class ClipConfig(Section):
    """Where the clips come from, what is made of them, and how many are held back for validation."""

    source: str = Field(description="folder:PATH zip:PATH or builtin:NAME")
    needs: str | None = Field(default=None, description="what the user must bring, if anything")
    size: Literal[16, 32, 64, 128] = Field(default=32, description="width and height in pixels")
    channels: Literal["auto", 1, 3] = Field(default="auto", description="1: grey, 3: colour")
    fps: Rate | Literal["auto"] = Field(default="auto", description="frames a second; auto: what most files have")
    frames: Annotated[int, Field(ge=2, le=256)] = Field(
        default=16, description="frames that are learnt together; shorter clips are left out"
    )
    longest: float = Field(default=60.0, gt=0, description="seconds of each file that are read")
    classes: bool | Literal["auto"] = Field(default="auto", description="whether folders are classes; auto: if all are")
    fit: Fit = "cover"
    background: Background = (255, 255, 255)
    validation: float = Field(default=0.1, gt=0.0, lt=1.0, description="share of the clips held back")
    validation_source: str | None = Field(default=None, description="clips to hold back, all of them")
    flip: bool = Field(default=False, description="whether a clip in a mirror is as good as itself")
