"""Pictures, sounds and films that a run has left: how it ended, and how it came there."""

import base64
from collections.abc import Iterable

from zaohua.i18n import t
from zaohua.report.html import Content, Html, join, tag
from zaohua.report.numbers import whole
from zaohua.report.record import Media, Record

FILM = "film.mp4"
_MOST = 6  # steps of the story
_INSIDE = 1_000_000  # bytes up to which a file is carried inside the page; a larger one is named by its path
_TYPES = {
    ".png": "image/png",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
}


def final(record: Record) -> list[Content]:
    """Everything that was made last."""
    last = record.media[-1].step
    note = tag("p", t("made.after", step=whole(last)), join(" ", tag("b", t("report.made_by_ai"))), class_="note")
    return [note, *_shown(media for media in record.media if media.step == last)]


def story(record: Record) -> list[Content]:
    """The same picture, step by step, and the film of it; nothing if there is but one."""
    first: dict[int, Media] = {}
    for media in record.media:
        if media.path.suffix == ".png":
            first.setdefault(media.step, media)
    if len(first) < 2:
        return []
    told = list(first.values())
    kept = dict.fromkeys(told[round(i * (len(told) - 1) / (_MOST - 1))] for i in range(_MOST))
    figures = [
        tag("figure", tag("figcaption", t("report.step", step=whole(media.step))), _player(media, media.prompt))
        for media in kept
    ]
    film = record.folder / FILM
    shown = None
    if film.is_file():
        link = tag("a", FILM, href=FILM)
        shown = tag("figure", tag("figcaption", t("made.film"), " ", link), _video(FILM))
    return [tag("div", *figures, class_="small-charts"), shown]


def _shown(found: Iterable[Media]) -> list[Content]:
    return [tag("figure", _player(media, media.prompt), _named(media)) for media in found]


def _named(media: Media) -> Html | None:
    return tag("figcaption", media.prompt) if media.prompt else None


def _player(media: Media, words: str) -> Html:
    """The file inside the page, or a link to it where it would be too heavy."""
    path, kind = media.path, _TYPES[media.path.suffix]
    source = f"samples/{path.name}"
    if path.stat().st_size <= _INSIDE:
        source = f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"
    if kind.startswith("image"):
        return tag("img", src=source, alt=words, style="max-width:100%")
    return _video(source) if kind.startswith("video") else tag("audio", src=source, controls="", preload="none")


def _video(source: str) -> Html:
    return tag("video", src=source, controls="", loop="", preload="metadata", style="max-width:100%")
