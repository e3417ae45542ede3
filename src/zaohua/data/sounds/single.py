"""One sound from a user's file."""

from pathlib import Path

import numpy as np

from zaohua.data.readers.base import SkippedFile
from zaohua.data.readers.sounds import read_sound
from zaohua.data.stored import refuse_special
from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import t


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
