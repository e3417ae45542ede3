"""Provenance in every file we write: mark() puts the label in, read() gives it back. One module per format family."""

from pathlib import Path
from types import ModuleType

from zaohua.errors import ZaohuaError
from zaohua.files import write_atomic
from zaohua.i18n import t
from zaohua.labels import containers, images, text, vorbis
from zaohua.labels.provenance import Provenance

__all__ = ["FORMATS", "Provenance", "mark", "read"]

FORMATS: dict[str, ModuleType] = {
    **dict.fromkeys((".txt", ".md", ".json", ".html"), text),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".webp", ".gif"), images),
    **dict.fromkeys((".wav", ".mp3", ".mp4"), containers),
    **dict.fromkeys((".flac", ".ogg"), vorbis),
}
"""Suffix -> the module whose embed(data, suffix, provenance) and extract(data, suffix) know it."""


def mark(path: Path | str, provenance: Provenance, content: bytes | None = None) -> None:
    """Label the file at `path`, in place of an earlier label; what it shows or plays stays bit for bit.

    content: what to write there, if it is not there yet, so that it never stands on disk without its label.
    Raises ZaohuaError for a format without a place for a label, and when the file cannot be read or written.
    """
    path = Path(path)
    family = _family(path)
    try:
        data = path.read_bytes() if content is None else content
        write_atomic(path, family.embed(data, path.suffix.lower(), provenance))
    except OSError as error:
        raise ZaohuaError(t("labels.cannot_write", path=path, reason=error.strerror or error)) from error


def read(path: Path | str) -> Provenance | None:
    """The label of a file, or None if it has none. Raises ZaohuaError as mark() does."""
    path = Path(path)
    family = _family(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ZaohuaError(t("labels.cannot_read", path=path, reason=error.strerror or error)) from error
    found: Provenance | None = family.extract(data, path.suffix.lower())
    return found


def _family(path: Path) -> ModuleType:
    if path.suffix.lower() not in FORMATS:
        raise ZaohuaError(t("labels.unknown_format", suffix=path.suffix or path.name, known=" ".join(FORMATS)))
    return FORMATS[path.suffix.lower()]
