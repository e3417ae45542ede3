"""The `[data]` section of a recipe for pictures, sounds or clips with captions."""

from typing import Literal

from pydantic import Field

from zaohua.data.clips.config import ClipConfig
from zaohua.data.clips.config import Rate as FrameRate
from zaohua.data.pictures.config import Background, Fit, PictureConfig
from zaohua.data.sounds.config import Rate, SoundConfig
from zaohua.recipe import Section

Kind = Literal["pictures", "sounds", "clips"]


class CaptionedConfig(Section):
    """Where the pairs come from, what is made of their pictures, sounds or clips, and how many are held back."""

    source: str = Field(description="folder:PATH zip:PATH tar:PATH csv:PATH jsonl:PATH or builtin:NAME")
    needs: str | None = Field(default=None, description="what the user must bring, if anything")
    kind: Kind = Field(default="pictures", description="what the captions are of")
    files: str | None = Field(
        default=None,
        description="of a table: folder:PATH or zip:PATH where its files lie; left out, its own folder or the only zip "
        "archive there",
    )
    captions: Literal["beside", "classes"] = Field(
        default="beside",
        description="beside: in name.txt, name.zh.txt, name.json or the table; classes: the names of the folders, or "
        "those that the files' names begin with, digits in words",
    )
    languages: list[Literal["en", "zh"]] = Field(default=["en", "zh"], min_length=1, description="those wanted")
    size: Literal[16, 32, 64, 128, 256] = Field(default=64, description="width and height in pixels")
    channels: Literal["auto", 1, 3, 4] = Field(default=3, description="1: grey, 3: colour, 4: with transparency")
    fit: Fit = "cover"
    background: Background = (255, 255, 255)
    flip: bool = Field(default=False, description="whether a mirror image is as good; not where captions say left")
    fps: FrameRate | Literal["auto"] = Field(default="auto", description="frames a second of clips")
    longest: float = Field(default=60.0, gt=0, description="seconds of each clip that are read")
    rate: Rate | Literal["auto"] = Field(default="auto", description="samples per second of sounds")
    seconds: float | None = Field(
        default=None, gt=0, le=60, description="length of all sounds: longer ones are cut, shorter end in silence"
    )
    trim: bool = Field(default=False, description="whether silence before and after a sound is cut off")
    level: bool = Field(default=False, description="whether all sounds are made equally loud, by their peaks")
    voices: Literal["apart", "mixed"] = Field(
        default="apart", description="apart: one voice is on one side, where names tell it (7_jackson_32.wav)"
    )
    unheard: str | None = Field(
        default=None, description="of sounds: a voice that is neither learnt from nor held back, but measured by itself"
    )
    validation: float = Field(default=0.1, gt=0.0, lt=1.0, description="share of the pairs held back")
    validation_source: str | None = Field(default=None, description="pairs to hold back, all of them")

    @property
    def sources(self) -> list[str]:
        """The source as a list of one, as other sections have it."""
        return [self.source]

    def pictures(self) -> PictureConfig:
        """How its pictures are read."""
        return PictureConfig(channels=self.channels, **self._shared("size", "fit", "background"))

    def sounds(self) -> SoundConfig:
        """How its sounds are read."""
        return SoundConfig(**self._shared("rate", "seconds", "trim", "level", "voices"))

    def clips(self) -> ClipConfig:
        """How its clips are read: whole, however many frames they have."""
        channels = self.channels if self.channels in (1, 3) else "auto"
        names = ("fit", "background", "fps", "longest")
        return ClipConfig(size=min(self.size, 128), channels=channels, frames=2, **self._shared(*names))

    def _shared(self, *names: str) -> dict[str, object]:
        settings = ("source", "validation", "validation_source", *names)
        return {name: getattr(self, name) for name in settings}
