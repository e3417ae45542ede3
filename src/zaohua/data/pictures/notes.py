"""What a report says about pictures: facts for machines, warnings for people."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zaohua.data.notes import MUCH, origin, sizes, usual_warnings
from zaohua.data.pictures.config import PictureConfig
from zaohua.data.pictures.opening import Opened
from zaohua.data.report import SourceReport
from zaohua.i18n import t

_FEW = 500  # pictures; with fewer a network soon knows them by heart


def facts_of(config: PictureConfig, opened: Sequence[Opened], report: SourceReport) -> dict[str, Any]:
    """What was read, and what it was like before it was fitted."""
    transparent = sum(one.pixels.shape[2] == 4 for one in opened)
    coloured = sum(one.coloured and one.pixels.shape[2] != 4 for one in opened)
    return {
        **origin(config.source, config.validation_source),
        "size": config.size,
        "fit": config.fit,
        "files": report.files,
        "kinds": {
            "grey": len(opened) - transparent - coloured,
            "colour": coloured,
            "transparent": transparent,
        },
        "originals": sizes([one.original for one in opened]),
        "enlarged": sum(_is_enlarged(one, config) for one in opened),
        **report.skips(),
    }


def _is_enlarged(one: Opened, config: PictureConfig) -> bool:
    side = max(one.original) if config.fit == "contain" else min(one.original)
    return config.fit != "pad" and side < config.size


def warnings_about(
    facts: Mapping[str, Any],
    opened: Sequence[Opened],
    labels: np.ndarray | None,
    exact: Mapping[int, int],
    across: Sequence[tuple[int, int]],
) -> list[str]:
    """What may spoil the training, in words. exact: copies, with the first of each; across: copies on both sides."""
    own = []
    if facts["enlarged"] > MUCH * len(opened):
        own.append(t("pictures.enlarged", count=facts["enlarged"], size=facts["size"]))
    names = [one.picture.name for one in opened]
    return usual_warnings("pictures", facts, names, own, across, few=_FEW, exact=exact, labels=labels)
