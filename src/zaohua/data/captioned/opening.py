"""Pictures, sounds or clips with captions: opened as those without are, and said about in the same words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from zaohua.data.captioned.config import CaptionedConfig
from zaohua.data.captioned.listed import Medium
from zaohua.data.clips import notes as clip_notes
from zaohua.data.clips import opening as clips
from zaohua.data.pictures import notes as picture_notes
from zaohua.data.pictures import opening as pictures
from zaohua.data.pictures.fit import grey
from zaohua.data.pictures.read import as_tensor, common_channels
from zaohua.data.report import SourceReport
from zaohua.data.sounds import notes as sound_notes
from zaohua.data.sounds import opening as sounds
from zaohua.data.sounds.voices import voices_of

Media = Tensor | list[Tensor]
Warn = Callable[[Mapping[str, Any], dict[int, int], list[tuple[int, int]]], list[str]]


@dataclass(frozen=True)
class Opened:
    """All of them in their final form.

    belonging: what each belongs to, "" for nothing: a group of variants, or the voice that is heard; digests,
    thumbnails: see zaohua.data.pictures.copies; facts: for the report; settings: what was decided on the way, as words
    of a hash; rate: samples or frames a second, if they have one; finish: numbers -> those, as tensors, once; warn:
    facts, exact copies and copies on both sides -> what may spoil the training.
    """

    media: Sequence[Medium]
    belonging: list[str]
    digests: list[tuple[int, int]]
    thumbnails: list[np.ndarray]
    facts: dict[str, Any]
    settings: str
    rate: float | None
    finish: Callable[[Sequence[int]], Media]
    warn: Warn


def resolved(config: CaptionedConfig, listed: Sequence[Any]) -> CaptionedConfig:
    """The same with what only the listed tell: the frame rate of clips."""
    if config.kind != "clips" or config.fps != "auto":
        return config
    return config.model_copy(update={"fps": clips.common_rate(listed)})


def open_media(
    listed: Sequence[Any], config: CaptionedConfig, source: str, report: SourceReport, *, visible: bool
) -> list[Any]:
    """Pictures, sounds or clips that were listed, as the code for them has opened ones; what cannot be opened goes into
    the report. Raises ZaohuaError if none can, or if memory does not hold them."""
    if config.kind == "pictures":
        return pictures.open_pictures(listed, source, config.pictures(), report, visible=visible)
    if config.kind == "sounds":
        return sounds.open_sounds(listed, source, report, visible=visible)
    assert config.fps != "auto"
    return clips.open_clips(listed, source, config.clips(), config.fps, report, visible=visible)


def finished_media(found: list[Any], config: CaptionedConfig, report: SourceReport, *, visible: bool) -> Opened:
    """What was opened, made alike."""
    if config.kind == "pictures":
        return _pictures(found, config, report)
    return _sounds(found, config, report, visible) if config.kind == "sounds" else _clips(found, config, report)


def _pictures(found: list[pictures.Opened], config: CaptionedConfig, report: SourceReport) -> Opened:
    """Pictures uint8 [N, C, H, W]."""
    channels, kind = common_channels(found) if config.channels == "auto" else config.channels, config.pictures()
    return Opened(
        media=[one.picture for one in found],
        belonging=[one.picture.group for one in found],
        digests=[one.digest for one in found],
        thumbnails=[one.thumbnail for one in found],
        facts=picture_notes.facts_of(kind, found, report) | {"channels": channels},
        settings=f"{channels} {config.background}",
        rate=None,
        finish=lambda numbers: as_tensor([found[number] for number in numbers], channels, kind),
        warn=lambda facts, exact, across: picture_notes.warnings_about(facts, found, None, exact, across),
    )


def _sounds(found: list[sounds.Raw], config: CaptionedConfig, report: SourceReport, visible: bool) -> Opened:
    """Sounds float32 [T] each."""
    rate = sounds.common_rate(found) if config.rate == "auto" else config.rate
    made = sounds.made(found, config.sounds(), rate, visible=visible)
    media = [one.sound for one in made]
    return Opened(
        media=media,
        belonging=voices_of(media) or [one.sound.voice for one in made],
        digests=[one.digest for one in made],
        thumbnails=[one.thumbnail for one in made],
        facts=sound_notes.facts_of(config.sounds(), made, report, rate),
        settings=str(rate),
        rate=rate,
        finish=lambda numbers: [torch.from_numpy(made[number].wave) for number in numbers],
        warn=lambda facts, exact, across: sound_notes.warnings_about(facts, made, None, exact, across),
    )


def _clips(found: list[clips.Opened], config: CaptionedConfig, report: SourceReport) -> Opened:
    """Clips uint8 [F, C, S, S] each."""
    kind, fps, channels = config.clips(), config.fps, config.clips().channels
    assert fps != "auto"
    if channels == "auto":
        channels = 3 if any(one.frames.shape[3] == 3 for one in found) else 1
    return Opened(
        media=[one.clip for one in found],
        belonging=[one.clip.group for one in found],
        digests=[one.digest for one in found],
        thumbnails=[one.thumbnail for one in found],
        facts=clip_notes.facts_of(kind, found, report, fps) | {"channels": channels},
        settings=f"{channels} {fps}",
        rate=fps,
        finish=lambda numbers: [_frames(found[number].frames, channels) for number in numbers],
        warn=lambda facts, exact, across: clip_notes.warnings_about(facts, found, across),
    )


def _frames(frames: np.ndarray, channels: int) -> Tensor:
    """uint8 [F, S, S, 1 or 3] -> [F, channels, S, S]"""
    frames = grey(frames) if channels == 1 else frames.repeat(3 // frames.shape[3], axis=3)
    return torch.from_numpy(frames).permute(0, 3, 1, 2).contiguous()
