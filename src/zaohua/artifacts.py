"""What generate() returns: text, pictures, sound and film. save() chooses the format by the file's suffix and labels it
as made by AI; the libraries for media come with the extra `media`."""

import hashlib
import html
import io
import json
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from zaohua import labels
from zaohua.errors import UsageError
from zaohua.extras import need
from zaohua.i18n import t
from zaohua.labels import Provenance


@dataclass(frozen=True, kw_only=True)
class Artifact(ABC):
    """Something a model made. model: its name; seed and index: what drew it; prompt: what was asked or gone on from."""

    suffixes: ClassVar[tuple[str, ...]]

    prompt: str = ""
    model: str = ""
    seed: int | None = None
    index: int = 0

    def save(self, path: Path | str) -> Path:
        """Write the file whole or not at all, with its label, and return its path.

        Raises UsageError for a suffix this artifact cannot be written as, ZaohuaError when writing fails or the
        library for the format is missing.
        """
        path = Path(path)
        self.check_format(path)
        labels.mark(path, self.provenance(), self._encode(path.suffix.lower()))
        return path

    @classmethod
    def check_format(cls, path: Path) -> None:
        """Raise UsageError if this artifact cannot be written as a file of this suffix."""
        if path.suffix.lower() not in cls.suffixes:
            known = " ".join(cls.suffixes)
            raise UsageError(t("labels.unknown_format", suffix=path.suffix or path.name, known=known))

    def provenance(self) -> Provenance:
        """The label: who made this, when, and a name for its content."""
        return Provenance(produce_id=hashlib.sha256(self._content()).hexdigest()[:32], model=self.model)

    @abstractmethod
    def _encode(self, suffix: str) -> bytes:
        """The file's bytes, without the label."""

    @abstractmethod
    def _content(self) -> bytes:
        """What names the content: equal for equal content, whatever it is written as."""


@dataclass(frozen=True, kw_only=True)
class Text(Artifact):
    """text: what the model wrote after `prompt`; str() is both. tokens: how many it wrote.

    finish_reason: "stop" (it came to an end) or "length" (it was cut). logprobs: where they were asked for, per token
    its "id", spelling ("token") and ln p ("logprob"), and a list of the same of the likeliest ("top"). dropped_turns:
    of a conversation, the oldest ones, for which the model's context had no room.
    """

    suffixes: ClassVar[tuple[str, ...]] = (".txt", ".md", ".json", ".html")

    text: str
    finish_reason: str = "stop"
    tokens: int | None = None
    logprobs: list[dict[str, Any]] | None = field(default=None, repr=False)
    dropped_turns: int = 0

    def __str__(self) -> str:
        return self.prompt + self.text

    def as_dict(self) -> dict[str, Any]:
        """All fields as JSON values, those that were not asked for left out."""
        rare = ("logprobs", "dropped_turns")
        return {name: value for name, value in asdict(self).items() if name not in rare or value not in (None, 0)}

    def _encode(self, suffix: str) -> bytes:
        if suffix == ".json":
            return json.dumps(self.as_dict(), ensure_ascii=False).encode("utf-8", "replace")
        whole = str(self)
        if suffix == ".html":
            body = "".join(f"<p>{html.escape(line)}</p>\n" for line in whole.split("\n") if line.strip())
            whole = (
                f'<!doctype html>\n<html>\n<head>\n<meta charset="utf-8">\n</head>\n<body>\n{body}</body>\n</html>\n'
            )
        return (whole if whole.endswith("\n") else whole + "\n").encode("utf-8", "replace")

    def _content(self) -> bytes:
        return str(self).encode("utf-8", "replace")


@dataclass(frozen=True, kw_only=True)
class Image(Artifact):
    """pixels: uint8 [H, W, C] with C = 1 (grey), 3 (RGB) or 4 (RGBA), or [H, W]; a Pillow image is taken too."""

    suffixes: ClassVar[tuple[str, ...]] = (".png", ".jpg", ".jpeg", ".webp")

    pixels: np.ndarray = field(repr=False)

    def __post_init__(self) -> None:
        pixels = np.asarray(self.pixels)
        pixels = pixels[..., None] if pixels.ndim == 2 else pixels
        _check(pixels, "pixels", np.uint8, pixels.ndim == 3 and pixels.shape[2] in (1, 3, 4), "uint8 [H, W, 1|3|4]")
        object.__setattr__(self, "pixels", pixels)

    def _encode(self, suffix: str) -> bytes:
        pillow, pixels = need("PIL.Image"), self.pixels
        picture = pillow.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
        kind = {".png": "PNG", ".webp": "WEBP"}.get(suffix, "JPEG")
        if kind == "JPEG" and picture.mode == "RGBA":  # JPEG has no transparency: on white, as a page would show it
            paper = pillow.new("RGB", picture.size, "white")
            paper.paste(picture, mask=picture)
            picture = paper
        target = io.BytesIO()
        picture.save(target, kind, **({} if kind == "PNG" else {"quality": 95}))
        return target.getvalue()

    def _content(self) -> bytes:
        return str(self.pixels.shape).encode() + self.pixels.tobytes()


@dataclass(frozen=True, kw_only=True)
class Audio(Artifact):
    """samples: float32 [T] in -1 … 1, louder is clipped; rate: samples per second."""

    suffixes: ClassVar[tuple[str, ...]] = (".wav", ".flac", ".ogg", ".mp3")

    samples: np.ndarray = field(repr=False)
    rate: int

    def __post_init__(self) -> None:
        samples = np.asarray(self.samples)
        fits = samples.ndim == 1 and bool(np.isfinite(samples).all())
        _check(samples, "samples", np.float32, fits, "float32 [T], finite")

    def _encode(self, suffix: str) -> bytes:
        target = io.BytesIO()
        need("soundfile").write(target, np.clip(self.samples, -1, 1), self.rate, format=suffix[1:].upper())
        return target.getvalue()

    def _content(self) -> bytes:
        return str(self.rate).encode() + self.samples.tobytes()


@dataclass(frozen=True, kw_only=True)
class Video(Artifact):
    """frames: uint8 [F, H, W, 3]; fps: frames per second."""

    suffixes: ClassVar[tuple[str, ...]] = (".mp4", ".gif")

    frames: np.ndarray = field(repr=False)
    fps: float = 8.0

    def __post_init__(self) -> None:
        frames = np.asarray(self.frames)
        fits = frames.ndim == 4 and frames.shape[3] == 3
        _check(frames, "frames", np.uint8, fits, "uint8 [F, H, W, 3]")

    def _encode(self, suffix: str) -> bytes:
        target = io.BytesIO()
        if suffix == ".gif":
            pictures = [need("PIL.Image").fromarray(frame) for frame in self.frames]
            duration = round(1000 / self.fps)
            pictures[0].save(target, "GIF", save_all=True, append_images=pictures[1:], duration=duration, loop=0)
            return target.getvalue()
        av = need("av")
        # The colour format that every player knows halves the colour's resolution, so sides must be even.
        height, width = (side + side % 2 for side in self.frames.shape[1:3])
        padding = ((0, 0), (0, height - self.frames.shape[1]), (0, width - self.frames.shape[2]), (0, 0))
        with av.open(target, "w", format="mp4") as container:
            codec = "libx264" if "libx264" in av.codecs_available else "mpeg4"
            stream = container.add_stream(codec, rate=_fraction(self.fps))
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            for frame in np.pad(self.frames, padding, mode="edge"):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")))
            container.mux(stream.encode())
        return target.getvalue()

    def _content(self) -> bytes:
        return f"{self.frames.shape} {self.fps}".encode() + self.frames.tobytes()


def check_any_format(path: Path) -> None:
    """Raise UsageError if nothing can be written as a file of this suffix."""
    known = [suffix for kind in (Text, Image, Audio, Video) for suffix in kind.suffixes]
    if path.suffix.lower() not in known:
        raise UsageError(t("labels.unknown_format", suffix=path.suffix or path.name, known=" ".join(known)))


def _fraction(fps: float):
    """What PyAV takes as a rate; 29.97 becomes 2997/100."""
    from fractions import Fraction

    return Fraction(fps).limit_denominator(1001)


def _check(array: np.ndarray, name: str, dtype: type, fits: bool, expected: str) -> None:
    if array.dtype != dtype or not fits or array.size == 0:
        raise ValueError(f"{name} must be {expected} and not empty, not {array.dtype} {list(array.shape)}")
