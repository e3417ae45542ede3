"""A disk that will not take what a run writes: one line that says what to do, wherever in the run it shows."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from zaohua.errors import ZaohuaError, one_line
from zaohua.i18n import t

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


@contextmanager
def writing(folder: Path, *, only_full: bool = False) -> Iterator[None]:
    """Within the block, what the system refuses becomes a ZaohuaError that names `folder`.

    only_full: a full or read-only disk alone; other system errors may have nothing to do with writing.
    """
    try:
        yield
    except (OSError, SafetensorError) as error:
        if only_full and getattr(error, "errno", None) not in _FULL:
            raise
        raise ZaohuaError(t("training.cannot_save", folder=folder, reason=one_line(error))) from error
