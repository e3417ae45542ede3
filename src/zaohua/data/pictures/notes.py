"""What a report says about pictures: facts for machines, warnings for people."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zaohua.data.pictures.config import PictureConfig
from zaohua.data.pictures.opening import Opened
from zaohua.data.report import SourceReport
from zaohua.i18n import t

_FEW = 500  # pictures; with fewer a network soon knows them by heart
_UNEVEN = 20  # times as many pictures in one class as in another
_MUCH = 0.1  # share of the pictures from which something is worth a warning


def facts_of(config: PictureConfig, opened: Sequence[Opened], report: SourceReport) -> dict[str, Any]:
    """What was read, and what it was like before it was fitted."""
    by_area = sorted((one.original for one in opened), key=lambda sides: (sides[0] * sides[1], sides))
    transparent = sum(one.pixels.shape[2] == 4 for one in opened)
    coloured = sum(one.coloured and one.pixels.shape[2] != 4 for one in opened)
    return {
        "source": config.source,
        "validation_source": config.validation_source,
        "credit": _credit(config.source),
        "size": config.size,
        "fit": config.fit,
        "files": report.files,
        "kinds": {
            "grey": len(opened) - transparent - coloured,
            "colour": coloured,
            "transparent": transparent,
        },
        "originals": {
            "smallest": list(by_area[0]),
            "median": list(by_area[len(by_area) // 2]),
            "largest": list(by_area[-1]),
        },
        "enlarged": sum(_is_enlarged(one, config) for one in opened),
        "skipped": dict(report.skipped.most_common()),
        "skipped_names": [list(item) for item in report.skipped_names],
    }


def _is_enlarged(one: Opened, config: PictureConfig) -> bool:
    side = max(one.original) if config.fit == "contain" else min(one.original)
    return config.fit != "pad" and side < config.size


def _credit(source: str) -> str:
    """The line that a built-in set asks to be shown with its pictures; empty for sources of one's own."""
    kind, _, where = source.partition(":")
    if kind != "builtin":
        return ""
    from zaohua.data.builtin import SETS

    return SETS[where].credit


def warnings_about(
    facts: Mapping[str, Any],
    opened: Sequence[Opened],
    labels: np.ndarray | None,
    exact: Mapping[int, int],
    across: Sequence[tuple[int, int]],
) -> list[str]:
    """What may spoil the training, in words. exact: copies, with the first of each; across: copies on both sides."""
    found, count, train = [], len(opened), facts["pictures"]["train"]
    if skipped := sum(facts["skipped"].values()):
        name, reason, _ = facts["skipped_names"][0]
        found.append(t("pictures.skipped", count=skipped, name=name, reason=t(f"data.skip_{reason}")))
    if train < _FEW:
        found.append(t("pictures.few", count=train))
    if facts["enlarged"] > _MUCH * count:
        found.append(t("pictures.enlarged", count=facts["enlarged"], size=facts["size"]))
    if sum(facts["copies"].values()) > _MUCH * count:
        found.append(t("pictures.copies", count=sum(facts["copies"].values())))
    if across:
        later, first = (opened[number].picture.name for number in across[0])
        found.append(t("pictures.across", count=len(across), later=later, first=first))
    if labels is not None:
        by_size = sorted(facts["classes"].items(), key=lambda item: item[1])
        (least, few), (most, many) = by_size[0], by_size[-1]
        if many > _UNEVEN * few:
            found.append(t("pictures.uneven", most=most, many=many, least=least, few=few))
        contradicting = [number for number, first in exact.items() if labels[number] != labels[first]]
        if contradicting:
            name, first = (opened[n].picture.name for n in (contradicting[0], exact[contradicting[0]]))
            found.append(t("pictures.contradicting", count=len(contradicting), name=name, first=first))
    return found
