"""Bringing a file: from the publisher, or from a folder or address that stands in for it."""

import hashlib
import http.client
import urllib.parse
import urllib.request
from pathlib import Path

from zaohua import __version__
from zaohua.data.progress import tracked
from zaohua.errors import ZaohuaError
from zaohua.i18n import t

_PATIENCE = 60.0  # seconds without an answer
_PIECE = 1 << 20  # bytes
_LARGEST = 1 << 30  # bytes: the text form of O*NET has 12 MB, a file of the Anthropic Economic Index some 200


def fetch(name: str, place: str, address: str = "") -> bytes:
    """The bytes of `place`/`name`, an address or a folder; ZaohuaError, in one line, where they do not come whole.

    address: the whole of it where it is more than these two.
    """
    if "://" not in place:
        try:
            return (Path(place) / name).read_bytes()
        except OSError as error:
            raise ZaohuaError(t("careers.fetch_failed", name=name, place=place, reason=error.strerror)) from error
    if place.partition(":")[0] not in ("https", "http"):
        raise ZaohuaError(t("careers.fetch_failed", name=name, place=place, reason=place.partition(":")[0]))
    address = address or f"{place.rstrip('/')}/{urllib.parse.quote(name)}"
    try:
        with urllib.request.urlopen(_asked(address), timeout=_PATIENCE) as answer:
            wanted = answer.headers.get("Content-Length")
            pieces, content = iter(lambda: answer.read(_PIECE), b""), bytearray()
            for piece in tracked(pieces, -(-int(wanted or 0) // _PIECE), f"{name} / MB", visible=True):
                content += piece
                if len(content) > _LARGEST:
                    raise ZaohuaError(
                        t("careers.fetch_damaged", name=name, place=place, reason=f"> {_LARGEST >> 20} MB")
                    )
    except (OSError, ValueError, http.client.HTTPException) as error:  # an address that is none is a ValueError
        reason = getattr(error, "reason", None) or error
        raise ZaohuaError(t("careers.fetch_failed", name=name, place=place, reason=reason)) from error
    if wanted and len(content) != int(wanted):
        raise ZaohuaError(t("careers.fetch_damaged", name=name, place=place, reason=f"{len(content)} / {wanted}"))
    return bytes(content)


def _asked(address: str) -> urllib.request.Request:
    return urllib.request.Request(address, headers={"User-Agent": f"zaohua/{__version__}"})


def sha256(content: bytes) -> str:
    """Its checksum."""
    return hashlib.sha256(content).hexdigest()
