"""All clips of a source, opened side by side: at one rate, in one size, frame by frame, so that no large film is in
memory."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image

from zaohua.data.clip import Clip, Film
from zaohua.data.clips.config import FASTEST, ClipConfig
from zaohua.data.clips.sources import clips_of
from zaohua.data.opening import open_side_by_side
from zaohua.data.pictures.fit import fitted, flat, grey, is_coloured
from zaohua.data.readers.base import SkippedFile
from zaohua.data.report import SourceReport
from zaohua.data.spool import content_digest

USUAL_RATE = 8.0  # frames a second of what does not say
_MOST = 1 << 17  # frames looked at; a film of more within the seconds asked for is none
_EARLY = 1e-6  # seconds by which a frame may be late
_THUMBNAIL, _LOOKS = 16, 4  # side of a clip's thumbnail, and the moments it shows


@dataclass(slots=True)
class Opened:
    """A clip in its final form, and what is known about it. rate, original: of the file; cut: whether it went on."""

    clip: Clip
    frames: np.ndarray  # uint8 [F, S, S, 1 or 3]
    rate: float | None
    original: tuple[int, int]  # width, height
    cut: bool
    thumbnail: np.ndarray  # float32 [256]
    digest: tuple[int, int]


def common_rate(clips: Sequence[Clip]) -> float:
    """What most clips say, of equals the higher, as far as a recipe may name it; nothing is decoded for that."""
    counts: Counter[float] = Counter()
    for clip in clips:
        try:
            with clip.open(1) as film:
                if film.rate:
                    counts[round(film.rate, 3)] += 1
        except SkippedFile:
            continue  # it is listed when it is read
    return min(max(counts, key=lambda rate: (counts[rate], rate)), FASTEST) if counts else USUAL_RATE


def open_all(source: str, config: ClipConfig, fps: float, report: SourceReport, *, visible: bool) -> list[Opened]:
    """The clips of a source in its order; what cannot be opened, or is too short, goes into the report.

    Raises ZaohuaError if none can, or if there is more of them than memory holds.
    """
    with clips_of(source, report) as clips:
        return open_clips(clips, source, config, fps, report, visible=visible)


def open_clips(
    clips: Sequence[Clip], source: str, config: ClipConfig, fps: float, report: SourceReport, *, visible: bool
) -> list[Opened]:
    """The same of clips that were listed before; source: what errors call the place they come from."""
    work = partial(_open, config=config, fps=fps)
    return open_side_by_side(
        "clips", source, clips, work, report, weight=lambda one: one.frames.nbytes, visible=visible
    )


def _open(clip: Clip, config: ClipConfig, fps: float) -> Opened | SkippedFile:
    frames: list[np.ndarray] = []
    seen, original, cut = None, (0, 0), False
    try:
        with clip.open(config.size) as film:
            rate = film.rate
            for image in sampled(film, fps):
                if len(frames) >= config.longest * fps:
                    cut = True
                    break
                if image is not seen:
                    seen, original = image, image.info.get("original", image.size)
                    pixels = _opaque(fitted(image, config.size, config.fit, config.background), config)
                frames.append(pixels)
    except SkippedFile as skipped:
        return skipped
    if len(frames) < config.frames:
        return SkippedFile("short", f"{len(frames)} < {config.frames}")
    whole = np.stack(_alike(frames))
    digest = content_digest(bytes([whole.shape[3]]) + whole.tobytes())
    return Opened(clip, whole, rate, original, cut, thumbnail(whole), digest)


def sampled(film: Film, fps: float) -> Iterator[Image.Image]:
    """The frame that is shown at each 1/fps of a second, from the first on; frames without times as they come.
    SkippedFile for more of them than any film has."""
    began, at, previous, wanted = 0.0, 0.0, None, 0
    for number, (time, image) in enumerate(film.frames):
        if number >= _MOST or wanted >= _MOST:
            raise SkippedFile("bomb")
        if film.rate is None:
            yield image
            continue
        began = time if previous is None else began
        while previous is not None and wanted / fps < time - began - _EARLY and wanted < _MOST:
            yield previous
            wanted += 1
        previous, at = image, max(at, time - began)
    while previous is not None and film.rate and wanted / fps < at + 1 / film.rate - _EARLY:
        yield previous
        wanted += 1


def _opaque(pixels: np.ndarray, config: ClipConfig) -> np.ndarray:
    """On the background, in one channel if it has no colours. uint8 [S, S, C] -> [S, S, 1 or 3]"""
    if pixels.shape[2] != 4:
        return pixels
    pixels = flat(pixels, config.background)
    return pixels if is_coloured(pixels) else grey(pixels)


def _alike(frames: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Grey in one channel if all of a clip's frames are, else all in three."""
    if all(frame.shape[2] == 1 for frame in frames):
        return list(frames)
    return [frame if frame.shape[2] == 3 else frame.repeat(3, axis=2) for frame in frames]


def thumbnail(frames: np.ndarray) -> np.ndarray:
    """Mean lightness of 8 × 8 cells at four moments, as one picture of 16 × 16; see zaohua.data.pictures.copies.

    uint8 [F, S, S, C] -> float32 [256]
    """
    chosen = frames[np.linspace(0, len(frames) - 1, _LOOKS).round().astype(int)]
    light = (chosen if chosen.shape[3] == 1 else grey(chosen))[..., 0]
    half = _THUMBNAIL // 2
    cell = light.shape[1] // half
    small = light.reshape(2, 2, half, cell, half, cell).mean(axis=(3, 5), dtype=np.float32)  # [2, 2, 8, 8]
    return small.transpose(0, 2, 1, 3).reshape(-1)
