"""What a user gave a model, as a piece of a page."""

import base64
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from zaohua.data.pictures.single import open_picture
from zaohua.report.html import Html, tag, written

_SIDE = 128  # pixels
_SOUNDS = {".wav": "audio/wav", ".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".flac": "audio/flac"}  # that pages play
_MOST = 4_000_000  # bytes of a sound that a page takes in


def shown(modality: str, value: Any) -> Html | None:
    """A text as it is, a picture, a sound to be played, a film by its name, a table's cells; None for nothing."""
    if value is None:
        return None
    if modality == "text":
        return written(value)
    if modality == "table":
        return written(_cells(value))
    if modality == "image":
        return _picture(value)
    if modality == "audio" and isinstance(value, str | Path):
        return _sound(Path(value))
    return written(Path(value).name) if isinstance(value, str | Path) else None


def _cells(value: Mapping[str, Any]) -> str:
    return " · ".join(f"{name} {cell}" for name, cell in value.items() if cell not in (None, ""))


def _picture(value: Any) -> Html:
    image, name = open_picture(value)
    image.thumbnail((_SIDE, _SIDE))
    stored = BytesIO()
    image.save(stored, "PNG")
    return tag("img", src=_embedded(stored.getvalue(), "image/png"), alt=name, style=f"max-width:{_SIDE}px")


def _sound(path: Path) -> Html:
    kind = _SOUNDS.get(path.suffix.lower())
    if kind is None or path.stat().st_size > _MOST:
        return written(path.name)
    return tag("audio", path.name, src=_embedded(path.read_bytes(), kind), controls="", title=path.name)


def _embedded(data: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
