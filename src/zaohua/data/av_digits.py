"""Digits seen and heard: handwritten ones paired with spoken ones, on tracks that each ask a fusion for something else.

A rebuild of the idea of AV-MNIST (Vielzeuf et al. 2018) in which a picture and a recording are paired by what they show
and say, and never by the order in which files were written.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from zaohua import seeding
from zaohua.data.examples import fingerprint
from zaohua.data.notes import origin
from zaohua.data.picture import Picture
from zaohua.data.pictures.fit import fitted, with_channels
from zaohua.data.pictures.sources import pictures_of
from zaohua.data.readers.base import SkippedFile
from zaohua.data.report import SourceReport
from zaohua.data.sounds.names import classes_in, voices_in
from zaohua.data.sounds.opening import open_all as open_sounds
from zaohua.data.sounds.wave import levelled, of_length, resampled
from zaohua.data.split import draw
from zaohua.data.spool import content_digest
from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import t
from zaohua.recipe import Section

Track = Literal["clean", "noisy", "missing", "synergy", "reliability"]
RATE, SECONDS = 8_000, 0.768  # what nearly all recordings are shorter than
SIDE = 28  # pixels
_SIDES = ("train", "validation", "test")
_HELD = {"validation": 0.1, "test": 0.2}  # share of the pictures, and of each speaker's takes of each digit
_BLACK = (0, 0, 0)
_DIGITS = tuple(map(str, range(10)))
# Uses of randomness, see zaohua.seeding
_TAKE, _OTHER, _NOISE, _SNR, _ABSENT = 1, 2, 3, 4, 5


class AvDigitsConfig(Section):
    """The `[data]` section of a recipe for digits seen and heard."""

    source: str = Field(description="folder: or zip: of recordings named as 7_jackson_32.wav")
    needs: str | None = Field(default=None, description="what the user must bring, if anything")
    pictures: str = Field(default="builtin:digits", description="builtin:digits, or idx: with labels beside it")
    track: Track = Field(
        default="noisy",
        description="clean; noisy; missing: noisy, and half of the pairs lack one of the two; synergy: two digits, "
        "whose sum modulo 10 is asked for; reliability: noisy, each recording to another degree",
    )
    split: Literal["takes", "speakers"] = Field(
        default="takes", description="what of the recordings is held back: other takes, or another speaker"
    )
    variance: float = Field(
        default=0.25, gt=0, le=1, description="share of the pictures' variance that noisy tracks keep at least"
    )
    snr: float = Field(default=-6.0, ge=-60, le=60, description="decibels of signal over noise on noisy tracks")
    snr_range: tuple[float, float] = Field(
        default=(-18.0, 12.0), description="between which it is drawn for each recording on the track of reliability"
    )


@dataclass(frozen=True)
class DigitPairs:
    """N pairs of one side.

    pictures: uint8 [N, 1, 28, 28]; waves: float32 [N, T] at 8 kHz; labels: what is asked for, int64 [N]; seen, heard:
    the digits shown and spoken, int64 [N]; snr: decibels, float32 [N], inf without noise; picture_present,
    wave_present: bool [N], absent ones being all zeros; voices: who speaks.
    """

    pictures: Tensor
    waves: Tensor
    labels: Tensor
    seen: Tensor
    heard: Tensor
    snr: Tensor
    picture_present: Tensor
    wave_present: Tensor
    voices: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class AvDigits:
    """All pairs. report: JSON-able; what was read, kept of the pictures, sizes, and `hash`, the identity of it all."""

    train: DigitPairs
    validation: DigitPairs
    test: DigitPairs
    report: dict[str, Any]


@dataclass(frozen=True)
class _Recordings:
    waves: list[np.ndarray]  # float32 [T], each of its own length
    digits: np.ndarray  # int64 [N]
    voices: list[str]
    sides: np.ndarray  # number of _SIDES, int64 [N]


def av_digits(spoken: str, *, seed: int = 0, visible: bool = False, **settings: Any) -> AvDigits:
    """The pairs, from Python: av_digits("zip:recordings.zip", track="synergy", split="speakers").

    settings: the fields of AvDigitsConfig.
    """
    return read_av_digits(AvDigitsConfig(source=spoken, **settings), seed, visible=visible)


def read_av_digits(config: AvDigitsConfig, seed: int, *, visible: bool = False) -> AvDigits:
    """Every picture once, each with a recording of its own side: a function of the contents, the settings and the seed.

    Raises UsageError or ZaohuaError, one line, for pictures without digits, or recordings whose names do not tell digit
    and speaker.
    """
    report = SourceReport()
    pixels, seen, of_pictures = _pictures(config, seed, report)
    spoken = _recordings(config, seed, report, visible=visible)
    kept = 0
    if config.track in ("noisy", "missing", "reliability"):
        pixels, kept = reduced(pixels, of_pictures == 0, config.variance)
    made = [
        _paired(pixels[of_pictures == side], seen[of_pictures == side], spoken, side, config, seed)
        for side in range(len(_SIDES))
    ]
    facts = report.as_dict() | {
        **origin(config.source, None),
        "pictures": config.pictures,
        "track": config.track,
        "components": kept,
        "rows": {name: len(pairs) for name, pairs in zip(_SIDES, made, strict=True)},
        "present": {
            "image": sum(int(pairs.picture_present.sum()) for pairs in made),
            "audio": sum(int(pairs.wave_present.sum()) for pairs in made),
        },
        "voices": {name: sorted(set(pairs.voices)) for name, pairs in zip(_SIDES, made, strict=True)},
        "hash": fingerprint(
            str(content_digest(part.numpy().tobytes()))
            for pairs in made
            for part in (pairs.pictures, pairs.waves, pairs.labels, pairs.picture_present, pairs.wave_present)
        ),
    }
    train, validation, test = made
    return AvDigits(train, validation, test, facts)


def reduced(pixels: np.ndarray, learnt_from: np.ndarray, variance: float) -> tuple[np.ndarray, int]:
    """Pictures as their first principal components tell them, about the mean: the fewest that hold so much of the
    variance. pixels: uint8 [N, H, W]; learnt_from: on which ones the components are found, bool [N].

    Returns uint8 [N, H, W] and the number of components.
    """
    flat = pixels.reshape(len(pixels), -1).astype(np.float64)
    mean = flat[learnt_from].mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(flat[learnt_from], rowvar=False))
    shares = np.cumsum(values[::-1]) / values.sum()
    count = min(int(np.searchsorted(shares, variance)) + 1, len(shares))
    main = vectors[:, ::-1][:, :count]
    back = (flat - mean) @ main @ main.T + mean
    return np.clip(back.round(), 0, 255).astype(np.uint8).reshape(pixels.shape), count


def _pictures(config: AvDigitsConfig, seed: int, report: SourceReport) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pixels uint8 [N, 28, 28], digits and numbers of sides int64 [N]; of every digit the same share on each side."""
    with pictures_of(config.pictures, report) as pictures:
        _check_digits([one.label.rpartition("/")[2] for one in pictures], config.pictures)
        labels, drawn = zip(*_drawn(pictures, report), strict=True)
    report.files += len(labels)
    pixels = np.stack(drawn)
    lots = draw(np.array([content_digest(one.tobytes()) for one in drawn], dtype=np.uint64), seed)
    digits = np.array(list(map(int, labels)))
    sides = np.zeros(len(digits), np.int64)
    for digit in range(10):
        of_digit = np.flatnonzero(digits == digit)
        sides[of_digit[np.argsort(lots[of_digit], kind="stable")]] = _last_held(len(of_digit))
    return pixels, digits, sides


def _drawn(pictures: Sequence[Picture], report: SourceReport) -> Iterator[tuple[str, np.ndarray]]:
    """Label and pixels uint8 [28, 28] of each that can be opened."""
    for picture in pictures:
        try:
            pixels = fitted(picture.open(SIDE), SIDE, "contain", _BLACK)
        except SkippedFile as skipped:
            report.skip(picture.name, skipped.reason, skipped.detail)
            continue
        yield picture.label.rpartition("/")[2], with_channels(pixels, 1, _BLACK)[..., 0]


def _recordings(config: AvDigitsConfig, seed: int, report: SourceReport, *, visible: bool) -> _Recordings:
    raw = open_sounds(config.source, report, visible=visible)
    names = [one.sound.name for one in raw]
    labels, voices = classes_in(names), voices_in(names)
    if not voices:
        raise UsageError(t("av_digits.names", name=names[0], source=config.source))
    _check_digits(labels, config.source)
    digits, takes = np.array(list(map(int, labels))), np.array([_take(name) for name in names])
    sides = np.zeros(len(raw), np.int64)
    for digit, voice in sorted(set(zip(labels, voices, strict=True))):
        mine = np.array([pair == (digit, voice) for pair in zip(labels, voices, strict=True)]).nonzero()[0]
        sides[mine[np.argsort(takes[mine], kind="stable")]] = _last_held(len(mine))
    if config.split == "speakers":
        known = sorted(set(voices))
        lots = draw(np.array([content_digest(voice.encode()) for voice in known], dtype=np.uint64), seed)
        chosen = np.array(voices) == known[int(np.argmin(lots))]
        sides = np.where(chosen, 2, np.minimum(sides, 1))
    waves = [levelled(resampled(one.wave, one.rate, RATE))[: round(SECONDS * RATE)] for one in raw]
    spoken = _Recordings(waves, digits, voices, sides)
    for side, name in enumerate(_SIDES):
        lacking = sorted(set(range(10)) - set(digits[sides == side].tolist()))
        if lacking:
            raise ZaohuaError(t("av_digits.too_few", source=config.source, digit=lacking[0], side=name))
    return spoken


def _take(name: str) -> int:
    return int("".join(filter(str.isdecimal, name.rpartition("_")[2])))


def _check_digits(labels: Sequence[str], source: str) -> None:
    wrong = next((label for label in labels if label not in _DIGITS), None)
    if wrong is not None or set(labels) != set(_DIGITS):
        raise UsageError(t("av_digits.no_digits", source=source, found=wrong or ", ".join(sorted(set(labels)))))


def _last_held(count: int) -> np.ndarray:
    """Numbers of sides for `count` things in order: first those to train on, then those held back. int64 [count]"""
    test, validation = (max(1, round(_HELD[name] * count)) for name in ("test", "validation"))
    return np.repeat([0, 1, 2], [max(0, count - validation - test), validation, test])[-count:]


def _paired(
    pixels: np.ndarray, seen: np.ndarray, spoken: _Recordings, side: int, config: AvDigitsConfig, seed: int
) -> DigitPairs:
    """The pictures of one side, each with a recording of the same side."""
    count = len(seen)
    numbers = torch.arange(count)

    def drawn(stream: int) -> np.ndarray:
        return seeding.uniform(seeding.sample_keys(seed, side, numbers, stream), 1)[:, 0].double().numpy()

    heard = (drawn(_OTHER) * 10).astype(np.int64) if config.track == "synergy" else seen
    lots, chosen = drawn(_TAKE), np.zeros(count, np.int64)
    for digit in range(10):
        there = np.flatnonzero((spoken.digits == digit) & (spoken.sides == side))
        asking = heard == digit
        chosen[asking] = there[(lots[asking] * len(there)).astype(np.int64)]
    snr = np.full(count, np.inf)
    if config.track == "reliability":
        low, high = config.snr_range
        snr = low + (high - low) * drawn(_SNR)
    elif config.track in ("noisy", "missing"):
        snr = np.full(count, config.snr)
    keys = seeding.sample_keys(seed, side, numbers, _NOISE)
    waves = np.stack([noisy(spoken.waves[take], snr[n], keys[n : n + 1]) for n, take in enumerate(chosen)])
    lot = drawn(_ABSENT) if config.track == "missing" else np.ones(count)
    absent = {"picture": lot < 0.25, "wave": (lot >= 0.25) & (lot < 0.5)}
    pixels = np.where(absent["picture"][:, None, None], 0, pixels).astype(np.uint8)
    waves = np.where(absent["wave"][:, None], 0, waves).astype(np.float32)
    return DigitPairs(
        pictures=torch.from_numpy(pixels[:, None]),
        waves=torch.from_numpy(waves),
        labels=torch.from_numpy((seen + heard) % 10 if config.track == "synergy" else seen),
        seen=torch.from_numpy(seen),
        heard=torch.from_numpy(heard),
        snr=torch.from_numpy(snr.astype(np.float32)),
        picture_present=torch.from_numpy(~absent["picture"]),
        wave_present=torch.from_numpy(~absent["wave"]),
        voices=tuple(spoken.voices[take] for take in chosen),
    )


def noisy(wave: np.ndarray, snr: float, key: Tensor) -> np.ndarray:
    """A recording in white noise so many decibels below it, levelled: the power of the one is that of what was
    recorded, the other sounds through the whole length. float32 [T' ≤ T] -> [T]; key: int32 [1]"""
    length = round(SECONDS * RATE)
    padded = of_length(wave, length, RATE)
    if np.isinf(snr):
        return padded
    power = float(np.square(wave, dtype=np.float64).mean()) / 10 ** (snr / 10)
    return levelled(padded + np.float32(np.sqrt(power)) * seeding.normal(key, length)[0].numpy())
