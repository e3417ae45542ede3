"""Where sounds come from: a folder, a zip archive, a built-in set.

In a folder or an archive every file that is not hidden is tried, whatever its name; what is no sound is skipped and
listed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np

from zaohua.data.readers.sounds import read_sound
from zaohua.data.report import SourceReport
from zaohua.data.sound import Sound
from zaohua.data.sources import existing, parse_source
from zaohua.data.stored import Stored, stored_files

KINDS = ("folder", "zip", "builtin")


@contextmanager
def sounds_of(source: str, report: SourceReport) -> Iterator[list[Sound]]:
    """The sounds of a source, in a fixed order, to be opened within the block.

    report: takes what was left out. Raises UsageError for a source that is wrong, ZaohuaError for one that cannot be
    read.
    """
    kind, where = parse_source(source, KINDS, "sounds.unknown_source")
    if kind == "builtin":
        from zaohua.data.builtin import builtin_sounds

        yield builtin_sounds(where)
        return
    with stored_files(kind, existing(kind, where), report) as files:
        yield [Sound(file.name, file.folder, partial(open_stored, file)) for file in files]


def open_stored(file: Stored) -> tuple[np.ndarray, int]:
    """The sound in a file of a source; see zaohua.data.sound.Sound."""
    with file.open() as stream:
        return read_sound(stream, file.name)
