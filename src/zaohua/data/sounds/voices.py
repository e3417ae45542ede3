"""Whose voice a sound is, and which voices are held back for validation, all of each."""

from collections.abc import Sequence

import numpy as np

from zaohua.data.sound import Sound
from zaohua.data.sounds.names import voices_in
from zaohua.data.split import draw
from zaohua.data.spool import content_digest


def voices_of(sounds: Sequence[Sound]) -> list[str]:
    """Whose each sound is, if that is known of all; else nothing."""
    known = [sound.voice for sound in sounds]
    return known if all(known) else voices_in([sound.name for sound in sounds])


def voices_held_back(voices: Sequence[str], share: float, seed: int) -> np.ndarray:
    """Whether each sound's voice belongs to validation, bool [N]: that share of the voices, one at least."""
    names = sorted(set(voices))
    lots = draw(np.array([content_digest(name.encode()) for name in names], dtype=np.uint64), seed)
    wanted = min(max(1, round(share * len(names))), len(names) - 1)
    held = {names[number] for number in np.argsort(lots, kind="stable")[:wanted]}
    return np.array([voice in held for voice in voices])


def heard(voices: Sequence[str], side: np.ndarray) -> list[str]:
    """The voices on one side, sorted; none if none are known."""
    return sorted({voices[number] for number in side}) if voices else []
