"""What a report says about clips: facts for machines, warnings for people."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zaohua.data.clips.config import ClipConfig
from zaohua.data.clips.opening import Opened
from zaohua.data.notes import MUCH, durations, origin, sizes, usual_warnings
from zaohua.data.report import SourceReport
from zaohua.i18n import t

_FEW = 200  # clips; with fewer a network soon knows them by heart
_SLOWER = 0.9  # of the wanted rate: below that, frames are shown twice


def facts_of(config: ClipConfig, opened: Sequence[Opened], report: SourceReport, fps: float) -> dict[str, Any]:
    """What was read, and what it was like before it was made alike."""
    rates = Counter("" if one.rate is None else f"{one.rate:.3g}" for one in opened)
    return {
        **origin(config.source, config.validation_source),
        "size": config.size,
        "fit": config.fit,
        "fps": fps,
        "frames": config.frames,
        "files": report.files,
        "rates": dict(rates.most_common()),
        "durations": durations(np.array([len(one.frames) / fps for one in opened])),
        "originals": sizes([one.original for one in opened]),
        "cut": sum(one.cut for one in opened),
        "slower": sum(one.rate is not None and one.rate < _SLOWER * fps for one in opened),
        **report.skips(),
    }


def warnings_about(facts: Mapping[str, Any], opened: Sequence[Opened], across: Sequence[tuple[int, int]]) -> list[str]:
    """What may spoil the training, in words. across: copies on both sides."""
    own = []
    if facts["cut"]:
        own.append(t("clips.cut", count=facts["cut"]))
    if facts["slower"] > MUCH * len(opened):
        own.append(t("clips.slower", count=facts["slower"], fps=f"{facts['fps']:g}"))
    return usual_warnings("clips", facts, [one.clip.name for one in opened], own, across, few=_FEW)
