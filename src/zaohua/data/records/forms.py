"""The form each modality is brought to, the same for training and for whoever uses the model afterwards."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zaohua.data.clip import Film
from zaohua.data.clips.opening import USUAL_RATE, sampled
from zaohua.data.pictures.fit import Colour, fitted, with_channels
from zaohua.data.readers.base import SkippedFile
from zaohua.data.sounds.wave import SILENT, levelled, of_length, resampled, trimmed

if TYPE_CHECKING:
    from PIL.Image import Image

Number = float | None  # None where the cell is empty
Cells = tuple[list[Number], list[str]]  # of a table: numbers, and words, "" where there is none


@dataclass(frozen=True)
class PictureForm:
    """size: pixels a side; channels: 1, 3 or 4; fit, background: see zaohua.data.pictures.fit."""

    size: int
    channels: int
    fit: str
    background: Colour

    def of(self, open_picture: Callable[[int], "Image"]) -> np.ndarray:
        """uint8 [C, size, size]; SkippedFile for what cannot be opened."""
        return self.pixels(open_picture(self.size))

    def blank(self) -> np.ndarray:
        """Zeros of that form."""
        return np.zeros((self.channels, self.size, self.size), np.uint8)

    def pixels(self, image: "Image") -> np.ndarray:
        """uint8 [C, size, size]"""
        made = fitted(image, self.size, self.fit, self.background, transparent=self.channels == 4)
        return with_channels(made, self.channels, self.background).transpose(2, 0, 1)


@dataclass(frozen=True)
class SoundForm:
    """rate: samples per second; length: samples; trim: whether silence around is cut off."""

    rate: int
    length: int
    trim: bool

    def of(self, open_sound: Callable[[], tuple[np.ndarray, int]]) -> np.ndarray:
        """float32 [length], its peak at 0.9; SkippedFile for what cannot be opened or is silent."""
        return self.wave(*open_sound())

    def blank(self) -> np.ndarray:
        """Zeros of that form."""
        return np.zeros(self.length, np.float32)

    def wave(self, wave: np.ndarray, rate: int) -> np.ndarray:
        """float32 [length]"""
        if not len(wave):
            raise SkippedFile("empty")
        if float(np.abs(wave).max()) < SILENT:
            raise SkippedFile("silent")
        made = resampled(wave.astype(np.float32, copy=False), rate, self.rate)
        made = trimmed(made, self.rate) if self.trim else made
        return of_length(levelled(made), self.length, self.rate)


@dataclass(frozen=True)
class VideoForm:
    """picture: of a frame; frames: how many of a film are kept, spread evenly over its first `longest` seconds."""

    picture: PictureForm
    frames: int
    longest: float

    def blank(self) -> np.ndarray:
        """Zeros of that form."""
        return np.zeros((self.frames, *self.picture.blank().shape), np.uint8)

    def of(self, open_film: Callable[[int], AbstractContextManager[Film]]) -> np.ndarray:
        """uint8 [frames, C, size, size]; SkippedFile for what cannot be opened or has no frame."""
        found: list[np.ndarray] = []
        with open_film(self.picture.size) as film:
            for image in sampled(film, USUAL_RATE):
                if len(found) >= self.longest * USUAL_RATE:
                    break
                found.append(self.picture.pixels(image))
        if not found:
            raise SkippedFile("empty")
        return np.stack([found[place] for place in np.linspace(0, len(found) - 1, self.frames).round().astype(int)])


@dataclass(frozen=True)
class TableForm:
    """Names of columns of numbers, and of columns of words."""

    numbers: tuple[str, ...]
    categories: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """All of them."""
        return self.numbers + self.categories

    def of(self, values: Mapping[str, Any]) -> Cells:
        """The cells of a row, column -> value. ValueError names a column that holds no number."""
        return (
            [_number(name, values.get(name)) for name in self.numbers],
            ["" if (word := values.get(name)) is None else str(word).strip() for name in self.categories],
        )


@dataclass(frozen=True)
class Forms:
    """Of every modality there is; None for one that there is not."""

    text: bool
    image: PictureForm | None
    audio: SoundForm | None
    video: VideoForm | None
    table: TableForm | None

    @property
    def modalities(self) -> tuple[str, ...]:
        """Names of those there are."""
        return tuple(name for name in ("text", "image", "audio", "video", "table") if getattr(self, name))


def _number(name: str, value: object) -> Number:
    """A cell as a number."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        number = float(value) if isinstance(value, str | int | float) else float("nan")
    except ValueError:
        number = float("nan")
    if not np.isfinite(number):
        raise ValueError(name)
    return number
