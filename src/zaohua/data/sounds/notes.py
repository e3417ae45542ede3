"""What a report says about sounds: facts for machines, warnings for people."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zaohua.data.notes import MUCH, durations, origin, usual_warnings
from zaohua.data.report import SourceReport
from zaohua.data.sounds.config import SoundConfig
from zaohua.data.sounds.opening import Opened
from zaohua.i18n import t

_FEW = 500  # sounds; with fewer a network soon knows them by heart


def facts_of(config: SoundConfig, opened: Sequence[Opened], report: SourceReport, rate: int) -> dict[str, Any]:
    """What was read, and what it was like before it was made alike."""
    stored = np.array([one.seconds for one in opened])
    heard = np.array([one.heard for one in opened])
    longer = heard > (config.seconds or np.inf) * (1 + 1e-6)
    return {
        **origin(config.source, config.validation_source),
        "rate": rate,
        "rates": {str(found): count for found, count in Counter(one.rate for one in opened).most_common()},
        "seconds": config.seconds,
        "files": report.files,
        "durations": durations(stored),
        "silence": round(float((stored - heard).sum()), 3),
        "cut": int(longer.sum()),
        "raised": sum(one.rate < rate for one in opened),
        "clipped": sum(one.clipped for one in opened),
        **report.skips(),
    }


def warnings_about(
    facts: Mapping[str, Any],
    opened: Sequence[Opened],
    labels: np.ndarray | None,
    exact: Mapping[int, int],
    across: Sequence[tuple[int, int]],
) -> list[str]:
    """What may spoil the training, in words. exact: copies, with the first of each; across: copies on both sides."""
    own, much = [], MUCH * len(opened)
    if facts["cut"] > much:
        own.append(t("sounds.cut", count=facts["cut"], seconds=facts["seconds"]))
    if facts["raised"] > much:
        own.append(t("sounds.raised", count=facts["raised"], rate=facts["rate"]))
    if facts["clipped"] > much:
        own.append(t("sounds.clipped", count=facts["clipped"]))
    names = [one.sound.name for one in opened]
    return usual_warnings("sounds", facts, names, own, across, few=_FEW, exact=exact, labels=labels)
