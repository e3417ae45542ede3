"""Films of any kind people have, frame by frame: animations by Pillow, everything else by FFmpeg, which is let near no
format that names other files."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, BinaryIO

from PIL import Image

from zaohua.data.clip import Film
from zaohua.data.readers.base import SkippedFile
from zaohua.data.readers.images import plain
from zaohua.errors import one_line
from zaohua.extras import need

_ANIMATED = ("GIF", "WEBP", "PNG")
_CONTAINERS = "asf,avi,flv,ivf,matroska,mov,mp4,mpeg,mpegts,mpegvideo,mxf,ogg,webm,h264,hevc"
_SUFFIXES = "mp4 m4v mov webm mkv avi mpg mpeg ts ogv wmv flv gif webp apng"
_PIXELS = 1 << 26  # in a frame; more is beyond any film
_ENOUGH = 4  # times the wanted side: what is larger is made smaller before it becomes a picture
_USUAL = 0.1  # seconds that a frame is shown which says nothing, as in browsers


@contextmanager
def read_film(stream: BinaryIO, name: str, side: int) -> Iterator[Film]:
    """The film in a seekable stream, upright and with square pixels.

    side: pixels it is wanted for. Raises SkippedFile for what is no film, has a single picture, is damaged, or claims a
    size beyond anything real; ZaohuaError without the libraries of the extra `media`.
    """
    animation = _animation(stream)
    if animation is not None:
        with animation:
            if _count(animation) < 2:
                raise SkippedFile("still")
            yield Film(1 / _shown(animation), _animated(animation))
        return
    stream.seek(0)
    with _container(stream, name) as container:
        if not container.streams.video:
            raise SkippedFile("unsupported")
        video = container.streams.video[0]
        if video.codec_context is None:  # FFmpeg cannot tell what its pictures are made of
            raise SkippedFile("malformed")
        if video.width * video.height > _PIXELS:
            raise SkippedFile("bomb")
        rate = video.average_rate or video.guessed_rate
        yield Film(float(rate) if rate else None, _decoded(container, video, side))


def _container(stream: BinaryIO, name: str) -> Any:
    av = need("av")
    known = name.lower().rpartition(".")[2] in _SUFFIXES.split()
    try:
        return av.open(stream, options={"format_whitelist": _CONTAINERS})
    except (av.error.FFmpegError, ValueError, EOFError) as error:
        raise SkippedFile("malformed" if known else "unsupported", one_line(error, 80) if known else "") from error


def _animation(stream: BinaryIO) -> Any:
    """The picture file in the stream, None if it is none of those that can move."""
    try:
        return Image.open(stream, formats=_ANIMATED)
    except Image.DecompressionBombError as error:
        raise SkippedFile("bomb") from error
    except Exception:  # it is for FFmpeg to say what it is
        return None


def _count(animation: Any) -> int:
    """Its frames, for which the whole file is looked through."""
    try:
        return getattr(animation, "n_frames", 1)
    except Exception as error:  # a damaged file raises whatever its decoder happens to break on
        raise SkippedFile("malformed", one_line(error, 80)) from error


def _animated(animation: Any) -> Iterator[tuple[float, Image.Image]]:
    time = 0.0
    for number in range(animation.n_frames):
        try:
            animation.seek(number)
            if animation.width * animation.height > _PIXELS:  # which may grow from frame to frame
                raise SkippedFile("bomb")
            animation.load()
        except SkippedFile:
            raise
        except Exception as error:  # a damaged file raises whatever its decoder happens to break on
            raise SkippedFile("malformed", one_line(error, 80)) from error
        yield time, plain(animation.copy())
        time += _shown(animation)


def _shown(animation: Any) -> float:
    """Seconds that the current frame stands."""
    return (animation.info.get("duration") or 0) / 1000 or _USUAL


def _decoded(container: Any, video: Any, side: int) -> Iterator[tuple[float, Image.Image]]:
    step = 1 / float(video.average_rate or video.guessed_rate or 1 / _USUAL)
    frames = container.decode(video)
    for number in count():
        try:
            frame = next(frames)
        except StopIteration:
            return
        except (need("av").error.FFmpegError, ValueError, EOFError) as error:
            raise SkippedFile("malformed", one_line(error, 80)) from error
        yield number * step if frame.time is None else frame.time, _upright(frame, video.sample_aspect_ratio, side)


def _upright(frame: Any, aspect: Any, side: int) -> Image.Image:
    """With square pixels, as its turned camera meant it, and no larger than need be."""
    width, turn = frame.width * float(aspect or 1), frame.rotation
    stored = round(width), frame.height
    smaller = min(1.0, _ENOUGH * side / min(width, frame.height))
    size = {"width": max(1, round(width * smaller)), "height": max(1, round(frame.height * smaller))}
    if (size["width"], size["height"]) != (frame.width, frame.height):
        frame = frame.reformat(**size, format="rgb24", interpolation="AREA")
    image = frame.to_image()
    if turn:
        image = image.rotate(turn, expand=True)
        stored = stored[::-1] if turn % 180 else stored
    image.info["original"] = stored
    return image
