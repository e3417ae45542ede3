"""The unit of picture data, before it is opened."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

CONTACT_SHEET = "contact-sheet.png"  # its name in a run folder
NEAREST = "nearest.png"  # and that of generated pictures above the training pictures they come nearest to


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a source and how to open it.

    name: its path inside the source. label: what it shows: a class, or the folders it lies in ("birds/owl"); "" if that
    is not known. open: side in pixels that it is wanted for -> the picture, in mode L, RGB or RGBA; may be called from
    several threads; raises SkippedFile. group: pictures of one group belong together.
    """

    name: str
    label: str
    open: Callable[[int], "Image"]
    group: str = ""
