"""What a user gives a model: a text, a file, or something that a model has made; which medium it is, and its codes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image as Pillow
from torch import Tensor

from zaohua.artifacts import Artifact, Audio, Image, Text, Video
from zaohua.data.pictures.single import open_picture
from zaohua.data.sounds.single import open_sound
from zaohua.errors import UsageError, ZaohuaError
from zaohua.extras import need
from zaohua.i18n import t
from zaohua.multimodal.any.examples import Tokenisers, spread
from zaohua.multimodal.any.vocabulary import Vocabulary

_SOUNDS = (".wav", ".flac", ".ogg", ".mp3", ".m4a", ".aac", ".opus")
_FILMS = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".gif")
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".avif")
_TEXTS = (".txt", ".md")
_LONGEST_NAME = 1024
Given = str | Path | Artifact | np.ndarray | Any
"""A text; a Path, or a string that names a file; Image, Audio, Video or Text; a picture of Pillow or uint8 [H, W, C]"""


@dataclass(frozen=True, eq=False)
class Input:
    """medium: "text", "image", "audio" or "video"; text: of a text; name: what to call it; content: what was opened;
    codes, seen: of it, where they are known already."""

    medium: str
    text: str = ""
    name: str = ""
    content: Any = None
    codes: np.ndarray | None = None
    seen: Tensor | None = None


def read_input(given: Given) -> Input:
    """Tell what it is and open it. Raises ZaohuaError or UsageError, one line, for a file that cannot be read."""
    if isinstance(given, Text):
        return Input("text", given.text)
    if isinstance(given, Image):
        return Input("image", content=given.pixels)
    if isinstance(given, Audio):
        return Input("audio", content=(given.samples, given.rate))
    if isinstance(given, Video):
        return Input("video", content=given.frames)
    if isinstance(given, str) and not _exists(given):
        if len(given) < _LONGEST_NAME and given.lower().endswith((*_PICTURES, *_SOUNDS, *_FILMS)):
            raise UsageError(t("anymodal.no_file", path=given))  # misspelt, and no text about an apple.png
        return Input("text", given)
    if not isinstance(given, str | Path):
        return Input("image", content=given)
    path = Path(given).expanduser()
    if path.is_dir():
        raise UsageError(t("anymodal.several", path=path))
    if not path.is_file():
        raise UsageError(t("anymodal.no_file", path=path))
    suffix = path.suffix.lower()
    if suffix in _TEXTS:
        return Input("text", path.read_text(encoding="utf-8", errors="replace").strip(), path.name)
    if suffix in _SOUNDS:
        return Input("audio", name=path.name, content=open_sound(path))
    if suffix in _FILMS and not (suffix == ".gif" and _is_still(path)):
        return Input("video", name=path.name, content=_film(path))
    return Input("image", name=path.name, content=open_picture(path)[0])


def codes_of(given: Input, vocabulary: Vocabulary, tokenisers: Tokenisers) -> np.ndarray:
    """Codes of a picture, a sound or a film, int64 [n]. Raises ZaohuaError for a sound without content."""
    if given.codes is not None:
        return given.codes
    if given.medium == "audio":
        assert tokenisers.audio is not None
        wave, rate = given.content
        if not len(wave) or not np.abs(wave).max() > 0:
            raise ZaohuaError(t("anymodal.silent", name=given.name or t("anymodal.the_sound")))
        codes = tokenisers.audio.encode(torch.from_numpy(np.asarray(wave, np.float32))[None], rate)[0]
        if len(codes) > vocabulary.longest:
            most = vocabulary.longest * tokenisers.audio.samples / tokenisers.audio.rate
            raise UsageError(t("anymodal.too_long", seconds=f"{len(wave) / rate:.1f}", most=f"{most:.1f}"))
        return codes.numpy()
    assert tokenisers.image is not None
    if given.medium == "image":
        return tokenisers.image.encode(tokenisers.image.pixels(given.content)).reshape(-1).numpy()
    frames = spread(torch.arange(len(given.content)), vocabulary.frames).tolist()
    pixels = torch.cat([tokenisers.image.pixels(given.content[number]) for number in frames])
    return tokenisers.image.encode(pixels).reshape(-1).numpy()


def _exists(text: str) -> bool:
    """Whether a text is the path of something: not every text can be one."""
    try:
        return 0 < len(text) < _LONGEST_NAME and Path(text).expanduser().exists()
    except (OSError, ValueError, RuntimeError):
        return False


def _is_still(path: Path) -> bool:
    """Whether a GIF is one picture, or nothing that can be read."""
    try:
        with Pillow.open(path, formats=("GIF",)) as image:
            return not getattr(image, "is_animated", False)
    except Exception:  # a damaged file raises whatever its decoder happens to break on
        return True


def _film(path: Path) -> list[np.ndarray]:
    """Frames uint8 [H, W, 3] of a film. Raises ZaohuaError if it does not decode."""
    av = need("av")
    try:
        with av.open(str(path)) as container:
            frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    except (av.error.FFmpegError, IndexError, ValueError) as error:
        raise ZaohuaError(t("anymodal.no_film", path=path)) from error
    if not frames:
        raise ZaohuaError(t("anymodal.no_film", path=path))
    return frames
