"""One sound from wherever a user has it: a file, a wave."""

from pathlib import Path

import numpy as np

from zaohua.data.readers.base import SkippedFile
from zaohua.data.readers.sounds import read_sound
from zaohua.data.stored import refuse_special
from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import t


def given_sound(sound: str | Path | np.ndarray, rate: int | None = None) -> tuple[np.ndarray, int, str]:
    """A file of any rate, or a wave float32 [T] at `rate`: its samples, their rate, and what to call it. Raises as
    open_sound() does, and UsageError for an array that is no wave or has no rate."""
    if isinstance(sound, np.ndarray):
        if rate is None or rate < 1:
            raise UsageError(t("data.wave_without_rate"))
        if sound.ndim != 1 or not len(sound) or not np.isfinite(sound).all():
            raise UsageError(t("data.no_wave", shape=list(sound.shape)))
        return sound.astype(np.float32, copy=False), rate, ""
    return *open_sound(Path(sound)), Path(sound).name


def open_sound(path: Path) -> tuple[np.ndarray, int]:
    """Its samples float32 [T] and their rate. Raises UsageError for a file that is not there, ZaohuaError for one that
    is no sound."""
    try:
        refuse_special(path)
        with path.open("rb") as file:
            return read_sound(file, path.name)
    except OSError as error:
        raise UsageError(t("vocoder.cannot_open", path=path, reason=error.strerror or error)) from error
    except SkippedFile as skipped:
        reason = t(f"data.skip_{skipped.reason}") + (f": {skipped.detail}" if skipped.detail else "")
        raise ZaohuaError(t("data.unreadable", path=path, reason=reason)) from skipped
