"""What tests of the readers of pictures, sounds and clips share: archives, and errors of one line."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zaohua.errors import ZaohuaError


def zipped(root: Path) -> str:
    """The files of a folder as a source that is an archive, in another order."""
    path = root.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(root.rglob("*"), reverse=True):
            if file.is_file():
                archive.write(file, file.relative_to(root))
    return f"zip:{path}"


def refused(read: Callable[..., Any], source: str, kind: type[ZaohuaError] = ZaohuaError, **settings: Any) -> str:
    """The one line with which a source is refused."""
    with pytest.raises(kind) as caught:
        read(source, **settings)
    assert "\n" not in str(caught.value)
    return str(caught.value)
