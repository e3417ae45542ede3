"""Files of a folder or an archive as pictures, sounds or clips, and texts in whatever encoding they are in."""

from collections.abc import Sequence
from functools import partial

from zaohua.data.captioned.config import Kind
from zaohua.data.captioned.listed import Medium
from zaohua.data.clips.sources import clips_among
from zaohua.data.encodings import detect
from zaohua.data.picture import Picture
from zaohua.data.pictures.sources import open_stored as open_picture
from zaohua.data.readers.base import SkippedFile
from zaohua.data.report import SourceReport
from zaohua.data.sound import Sound
from zaohua.data.sounds.sources import open_stored as open_sound
from zaohua.data.stored import Stored

_LONGEST = 1 << 20  # bytes of a file of captions


def media_among(files: Sequence[Stored], kind: Kind) -> list[Medium]:
    """Each file as one of this kind, whatever it holds; frames that lie together are one clip."""
    if kind == "pictures":
        return [Picture(file.name, file.folder, partial(open_picture, file)) for file in files]
    if kind == "sounds":
        return [Sound(file.name, file.folder, partial(open_sound, file)) for file in files]
    return list(clips_among(files))


def read_texts(files: Sequence[Stored], report: SourceReport) -> dict[str, str]:
    """Name -> text of each file; what is no text goes into the report.

    A short text tells its encoding badly: where most of those with more than ASCII are not UTF-8, all are first taken
    to be in the one encoding that these show together, and each in its own where that fails.
    """
    contents = {file.name: data for file in files if (data := _content(file, report)) is not None}
    telling = [data for data in contents.values() if not data.isascii() and b"\0" not in data]
    foreign = [data for data in telling if not _decodes(data, "utf-8")]
    common = detect(b"\n".join(foreign)) if 2 * len(foreign) > len(telling) else None
    found = {}
    for name, data in contents.items():
        encoding = common if common and _decodes(data, common) and b"\0" not in data else detect(data)
        if encoding is None:
            report.skip(name, "binary" if b"\0" in data else "undecodable")
            continue
        report.encodings[encoding] += 1
        found[name] = data.decode(encoding)
    return found


def _content(file: Stored, report: SourceReport) -> bytes | None:
    try:
        with file.open() as stream:
            data = stream.read(_LONGEST + 1)
    except SkippedFile as skipped:
        report.skip(file.name, skipped.reason, skipped.detail)
        return None
    if len(data) > _LONGEST:
        report.skip(file.name, "bomb")
        return None
    return data


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
