"""Tar archives as WebDataset writes them: files one after another, not compressed, found by their places."""

import tarfile
from pathlib import Path

from zaohua.data.readers.archives import is_hidden
from zaohua.data.readers.base import SkippedFile


def tar_members(path: Path) -> list[tuple[str, int, int]]:
    """Name, first byte and bytes of each plain file in the archive, sorted by name; links and devices are left out.

    Raises SkippedFile for what is no tar archive, or a compressed one.
    """
    try:
        with tarfile.open(path, "r:") as archive:
            plain = [member for member in archive if member.isreg() and not member.issparse()]
    except (tarfile.TarError, EOFError) as error:
        raise SkippedFile("malformed", str(error)) from error
    places = {member.name.removeprefix("./"): (member.offset_data, member.size) for member in plain}
    return [(name, *place) for name, place in sorted(places.items()) if not is_hidden(name)]
