"""The unit of sound data, before it is opened."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

SOUND_SHEET = "sound-sheet.png"  # its name in a run folder


@dataclass(frozen=True, slots=True)
class Sound:
    """One sound of a source and how to open it.

    name: its path inside the source. label: what it is: a class, or the folders it lies in; "" if that is not known.
    open: its samples float32 [T] and their rate; may be called from several threads; raises SkippedFile.
    voice: who speaks or what it was recorded from, where that is known.
    """

    name: str
    label: str
    open: Callable[[], tuple[np.ndarray, int]]
    voice: str = ""
