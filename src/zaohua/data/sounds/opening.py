"""All sounds of a source, opened side by side, and each made what a recipe wants it to be."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zaohua.data.opening import open_side_by_side, side_by_side
from zaohua.data.readers.base import SkippedFile
from zaohua.data.report import SourceReport
from zaohua.data.sound import Sound
from zaohua.data.sounds.config import FASTEST, SLOWEST, SoundConfig
from zaohua.data.sounds.sources import sounds_of
from zaohua.data.sounds.spectra import picture
from zaohua.data.sounds.wave import SILENT, levelled, of_length, resampled, trimmed
from zaohua.data.spool import content_digest
from zaohua.i18n import t

_FULL = 0.999  # of full scale: a sample at its end
_CLIPPED = 0.001  # share of the samples there from which a sound counts as clipped
_CELLS = 16  # see zaohua.data.pictures.copies


@dataclass(slots=True)
class Raw:
    """A sound as it was stored. wave: float32 [T]; peak: its largest sample; clipped: cut off at full scale."""

    sound: Sound
    wave: np.ndarray
    rate: int
    peak: float
    clipped: bool


@dataclass(slots=True)
class Opened:
    """A sound in its final form, float32 [T], and what is known about it: seconds and rate are those it was stored
    with, heard the seconds without the silence around, if that is cut off."""

    sound: Sound
    wave: np.ndarray
    rate: int
    seconds: float
    heard: float
    clipped: bool
    thumbnail: np.ndarray  # float32 [256]
    digest: tuple[int, int]


def open_all(source: str, report: SourceReport, *, visible: bool) -> list[Raw]:
    """The sounds of a source in its order; what cannot be opened, or is silent, goes into the report.

    Raises ZaohuaError if none can, or if there are more of them than memory holds.
    """
    with sounds_of(source, report) as sounds:
        return open_sounds(sounds, source, report, visible=visible)


def open_sounds(sounds: Sequence[Sound], source: str, report: SourceReport, *, visible: bool) -> list[Raw]:
    """The same of sounds that were listed before; source: what errors call the place they come from."""
    return open_side_by_side(
        "sounds", source, sounds, _open, report, weight=lambda one: one.wave.nbytes, visible=visible
    )


def common_rate(raw: Sequence[Raw]) -> int:
    """What most sounds have, of equals the higher, as far as a recipe may name it."""
    counts = Counter(one.rate for one in raw)
    return min(max(SLOWEST, max(counts, key=lambda rate: (counts[rate], rate))), FASTEST)


def made(raw: Sequence[Raw], config: SoundConfig, rate: int, *, visible: bool) -> list[Opened]:
    """Each at this rate, trimmed, levelled and of one length, as far as the recipe wants it; the stored waves go."""
    return list(side_by_side(lambda one: _made(one, config, rate), raw, t("sounds.making"), visible=visible))


def _open(sound: Sound) -> Raw | SkippedFile:
    try:
        wave, rate = sound.open()
    except SkippedFile as skipped:
        return skipped
    peak = float(np.abs(wave).max())
    if peak < SILENT:
        return SkippedFile("silent")
    return Raw(sound, wave, rate, peak, bool((np.abs(wave) >= _FULL).mean() > _CLIPPED))


def _made(raw: Raw, config: SoundConfig, rate: int) -> Opened:
    stored = len(raw.wave) / raw.rate
    wave, raw.wave = resampled(raw.wave, raw.rate, rate), raw.wave[:0]
    if config.trim:
        wave = trimmed(wave, rate)
    heard, small = len(wave) / rate, picture(wave, _CELLS, _CELLS)
    if config.level:
        wave = levelled(wave)
    if config.seconds is not None:
        wave = of_length(wave, round(config.seconds * rate), rate)
    digest = content_digest(wave.tobytes())
    return Opened(raw.sound, wave, raw.rate, stored, heard, raw.clipped, small.astype(np.float32).reshape(-1), digest)
