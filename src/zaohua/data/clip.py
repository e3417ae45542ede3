"""The unit of film data, before it is opened."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

CLIP_SHEET = "clip-sheet.png"  # its name in a run folder


@dataclass(frozen=True, slots=True)
class Film:
    """A film being read. rate: frames a second as far as it says so, else None; frames: each with the second at which
    it appears, in mode L, RGB or RGBA; raises SkippedFile on the way where it is damaged."""

    rate: float | None
    frames: "Iterator[tuple[float, Image]]"


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip of a source and how to open it.

    name: its path inside the source. label: what it shows: a class, or the folders it lies in; "" if that is not known.
    open: side in pixels that it is wanted for -> the film, within the block; may be called from several threads; raises
    SkippedFile. group: clips of one group belong together.
    """

    name: str
    label: str
    open: Callable[[int], AbstractContextManager[Film]]
    group: str = ""
