"""What was found as a page to look at or listen to: one HTML file with small copies of the pictures in it."""

import base64
import io
from collections.abc import Sequence
from pathlib import Path

from zaohua.data.readers.base import SkippedFile
from zaohua.data.readers.images import read_image
from zaohua.errors import UsageError
from zaohua.files import write_atomic
from zaohua.i18n import t
from zaohua.multimodal.contrastive.index import Hit
from zaohua.report.document import document, header
from zaohua.report.html import Html, tag, written

_SIDE = 192  # pixels of a picture on the page
_STYLE = """
.hits { display: grid; grid-template-columns: repeat(auto-fill, minmax(12rem, 1fr)); gap: 1rem; }
.hits figure { margin: 0; text-align: center; overflow-wrap: anywhere; }
.hits img { max-width: 100%; height: 12rem; object-fit: contain; }
.hits audio { width: 100%; }
"""


def write_page(path: Path, sentence: str, hits: Sequence[Hit], media: str, *, searched: int) -> None:
    """Write the page. media: "pictures" or "sounds"; searched: files that were looked through. UsageError if `path` is
    no .html file or cannot be written."""
    check_page(path)
    title = t("contrastive.page_title", sentence=sentence)
    note = t("contrastive.page_note", count=len(hits), searched=searched)
    shown = tag("div", *(_figure(hit, media) for hit in hits), class_="hits")
    page = document(title, header(title, tag("p", note, class_="note")), tag("section", shown), style=_STYLE)
    try:
        write_atomic(path, page)
    except OSError as error:
        raise UsageError(t("contrastive.bad_page", path=path)) from error


def check_page(path: Path) -> None:
    """UsageError for a path that is no place for such a page."""
    if path.suffix.lower() not in (".html", ".htm") or path.is_dir():
        raise UsageError(t("contrastive.bad_page", path=path))


def _figure(hit: Hit, media: str) -> Html:
    place = hit.path.resolve().as_uri()
    if media == "sounds":
        shown = tag("audio", "", src=place, controls="")
    else:
        shown = tag("a", tag("img", src=_small(hit.path), alt=hit.name), href=place)
    return tag("figure", shown, tag("figcaption", written(hit.name), f" {hit.similarity:.2f}"))


def _small(path: Path) -> str:
    """The picture as a small PNG inside the page; nothing if it is gone by now."""
    try:
        with path.open("rb") as stream:
            image = read_image(stream, path.name, _SIDE)
    except (OSError, SkippedFile):
        return ""
    image.thumbnail((_SIDE, _SIDE))
    data = io.BytesIO()
    image.save(data, "PNG")
    return f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode('ascii')}"
