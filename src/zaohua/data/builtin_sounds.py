"""The built-in set of sounds: effects of old games, from Kenney (kenney.nl)."""

import io
import zipfile
from collections.abc import Iterator
from functools import partial

import numpy as np

from zaohua.data.sound import Sound
from zaohua.data.wheels import WheelFile, locate

EFFECTS = WheelFile(
    "arcade",
    "3.3.3",
    "25f4e0e5b8bcbe7a7d087c0a23b19e9f423b0c70ec00945c8712c9a3e541ebd2",
    "arcade/resources/assets/sounds/",
    "7de9becb1af490b99480cd4f1d53a778d4cd82861bb5dabdd5f485e9a82fe8ba",
)
_OF_A_KIND = {"phaseJump": "jump", "rockHit": "hit"}  # the only ones of their names


def effects() -> Iterator[Sound]:
    """Coins, jumps, lasers, explosions and the like, some of each; a sound's class is its name without the number."""
    from zaohua.data.readers.sounds import read_sound

    def opened(data: bytes, name: str) -> tuple[np.ndarray, int]:
        return read_sound(io.BytesIO(data), name)

    with zipfile.ZipFile(locate(EFFECTS)) as archive:
        for name in archive.namelist():
            kind, dot, suffix = name.rpartition(".")
            if dot and suffix == "wav":  # some are there in other formats, too
                label = kind.rstrip("0123456789")
                yield Sound(name, _OF_A_KIND.get(label, label), partial(opened, archive.read(name), name))
