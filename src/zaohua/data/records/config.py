"""The `[data]` section of a recipe for rows of several modalities."""

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from zaohua.data.config import Column
from zaohua.data.pictures.config import Background, Fit
from zaohua.data.records.forms import Forms, PictureForm, SoundForm, TableForm, VideoForm
from zaohua.data.sounds.config import Rate
from zaohua.recipe import Section

Pixels = Annotated[int, Field(ge=16, le=256, multiple_of=16)]


class RecordsConfig(Section):
    """Which column holds what, and what is made of it. A cell that is empty lacks its modality."""

    source: str = Field(description="csv:FILE jsonl:FILE parquet:FILE, or builtin:NAME of pictures, sounds or clips")
    needs: str | None = Field(default=None, description="what the user must bring, if anything")
    label: Column = Field(default="label", description="column of what is to be told")
    kind: Literal["class", "number"] = Field(default="class", description="what that is")
    group: str | None = Field(default=None, description="column whose equal values keep rows on one side of the split")
    folder: str | None = Field(default=None, description="what paths start from; left out: the table's own folder")

    text: Column | None = Field(default=None, description="column of a text; several are joined by commas")
    image: str | None = Field(default=None, description="column of paths of pictures")
    audio: str | None = Field(default=None, description="column of paths of sounds")
    video: str | None = Field(default=None, description="column of paths of films")
    numbers: list[str] = Field(default=[], description="columns of numbers")
    categories: list[str] = Field(default=[], description="columns of words that come again and again")

    size: Pixels = Field(default=32, description="width and height of pictures and films in pixels")
    channels: Literal[1, 3, 4] = Field(default=3, description="1: grey, 3: colour, 4: with transparency (no films)")
    fit: Fit = "contain"
    background: Background = (255, 255, 255)
    rate: Rate = Field(default=16_000, description="samples per second of sounds")
    seconds: float = Field(default=2.0, gt=0, le=30, description="length of sounds; longer ones are cut")
    trim: bool = Field(default=False, description="whether silence before and after a sound is cut off")
    frames: int = Field(default=8, ge=1, le=64, description="frames of a film, spread evenly over it")
    longest: float = Field(default=10.0, gt=0, le=600, description="seconds of a film that are looked at")

    validation: float = Field(default=0.1, gt=0.0, lt=1.0, description="share of the rows held back")
    validation_source: str | None = Field(default=None, description="rows to hold back, all of them")

    @property
    def forms(self) -> Forms:
        """What each modality is brought to."""
        picture = PictureForm(self.size, self.channels, self.fit, self.background)
        frame = replace(picture, channels=min(self.channels, 3))
        return Forms(
            text=self.text is not None,
            image=picture if self.image else None,
            audio=SoundForm(self.rate, round(self.seconds * self.rate), self.trim) if self.audio else None,
            video=VideoForm(frame, self.frames, self.longest) if self.video else None,
            table=TableForm(tuple(self.numbers), tuple(self.categories)) if self.numbers or self.categories else None,
        )
