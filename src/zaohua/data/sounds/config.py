"""The `[data]` section of a recipe for sounds."""

from typing import Annotated, Literal

from pydantic import Field

from zaohua.recipe import Section

SLOWEST, FASTEST = 4_000, 96_000  # samples per second
Rate = Annotated[int, Field(ge=SLOWEST, le=FASTEST)]


class SoundConfig(Section):
    """Where the sounds come from, what is made of them, and how many are held back for validation."""

    source: str = Field(description="folder:PATH zip:PATH or builtin:NAME")
    needs: str | None = Field(default=None, description="what the user must bring, if anything")
    rate: Rate | Literal["auto"] = Field(default="auto", description="samples per second; auto: what most files have")
    seconds: float | None = Field(
        default=None, gt=0, le=60, description="length of all: longer ones are cut, shorter ones end in silence"
    )
    trim: bool = Field(default=False, description="whether silence before and after a sound is cut off")
    level: bool = Field(default=False, description="whether all sounds are made equally loud, by their peaks")
    classes: bool | Literal["auto", "names"] = Field(
        default="auto",
        description="whether folders are classes; names: the files' names begin with them, as 7_jackson_32.wav does; "
        "auto: whichever all keep to",
    )
    voices: Literal["apart", "mixed"] = Field(
        default="apart", description="apart: one voice is on one side, where names tell it (7_jackson_32.wav)"
    )
    validation: float = Field(default=0.1, gt=0.0, lt=1.0, description="share of the sounds held back")
    validation_source: str | None = Field(default=None, description="sounds to hold back, all of them")
