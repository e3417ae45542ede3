"""What the names of files say: a class first and then a voice, as in 7_jackson_32.wav."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

_PARTED = re.compile(r"[_\-. ]+")
_MOST_CLASSES = 0.5  # of the sounds: more are names of single sounds, not of classes


def classes_in(names: Sequence[str]) -> list[str]:
    """The beginning of each name, if all names have more parts and begin as at least one other does; else nothing."""
    found = [_parts(name)[0] if len(_parts(name)) > 1 else "" for name in names]
    counts = Counter(found)
    if "" in counts or len(counts) < 2 or min(counts.values()) < 2 or len(counts) > _MOST_CLASSES * len(names):
        return []
    return found


def voices_in(names: Sequence[str]) -> list[str]:
    """The second part of each name if all have the form CLASS_VOICE_NUMBER and there are two voices or more, each heard
    in more than one class; else nothing."""
    parts = [_parts(name) for name in names]
    if not all(len(one) == 3 and not one[1].isdecimal() and one[2].isdecimal() for one in parts):
        return []
    heard: dict[str, set[str]] = {}
    for label, voice, _ in parts:
        heard.setdefault(voice, set()).add(label)
    return [voice for _, voice, _ in parts] if len(heard) > 1 and all(len(of) > 1 for of in heard.values()) else []


def _parts(name: str) -> list[str]:
    return [part for part in _PARTED.split(PurePosixPath(name).stem) if part]
