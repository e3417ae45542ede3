"""What one publisher's release brings: its tables, and how the publication is named from now on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zaohua.careers.building.occupations import Row
from zaohua.careers.updating.fetch import sha256
from zaohua.errors import ZaohuaError
from zaohua.i18n import t

_LARGEST = 1 << 30  # bytes of a file; a release of the Anthropic Economic Index has some 200 million


@dataclass(frozen=True)
class File:
    """A file that was fetched or given: its name, where it is from, its bytes' checksum and number."""

    name: str
    place: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class Brought:
    """source: its identifier in sources.toml, entry: what changes there; tables: rows with their head, and the raw
    tables they were made from; files: what was read."""

    source: str
    entry: Mapping[str, str]
    tables: Mapping[str, tuple[Sequence[Row], Mapping[str, str]]]
    files: Sequence[File]


def read_given(path: Path) -> tuple[bytes, File]:
    """A file that the user has. Raises ZaohuaError where it cannot be read."""
    try:
        if path.stat().st_size > _LARGEST:
            raise ZaohuaError(t("careers.fetch_damaged", name=path.name, place=path.parent, reason="> 1 GB"))
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror
        raise ZaohuaError(t("careers.fetch_failed", name=path.name, place=path.parent, reason=reason)) from error
    return content, File(path.name, str(path.parent), sha256(content), len(content))


def refused(file: File, reason: object) -> ZaohuaError:
    """The error for a file that is not what it should be."""
    return ZaohuaError(t("careers.fetch_damaged", name=file.name, place=file.place, reason=reason))
