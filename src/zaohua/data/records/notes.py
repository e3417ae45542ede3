"""What a report says about rows of several modalities: facts for machines, warnings for people."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from zaohua.data.notes import origin
from zaohua.data.records.config import RecordsConfig
from zaohua.data.report import SourceReport
from zaohua.i18n import t

if TYPE_CHECKING:
    from zaohua.data.records.rows import Row

_QUANTILES = ("least", "quarter", "middle", "three quarters", "most")
_FEW = 100  # rows to train on
_FEW_HELD = 10  # rows to measure on
_UNEVEN = 20  # times as many rows of one class as of another
_RARE = 0.05  # share of the rows below which a modality can hardly be learnt


def facts_of(
    config: RecordsConfig,
    rows: Sequence["Row"],
    report: SourceReport,
    sides: Sequence[np.ndarray],
    classes: Sequence[str],
    targets: Tensor,
) -> dict[str, Any]:
    """What was read, what of it is there, and what is to be told."""
    facts: dict[str, Any] = {
        **origin(config.source, config.validation_source),
        "rows": {"train": len(sides[0]), "validation": len(sides[1])},
        "present": {name: sum(name in row.values for row in rows) for name in config.forms.modalities},
        **report.skips(),
    }
    train = targets[sides[0]]
    if classes:
        counts = train.bincount(minlength=len(classes)).tolist()
        return facts | {"classes": dict(zip(classes, counts, strict=True))}
    quantiles = np.quantile(train.numpy(), [0, 0.25, 0.5, 0.75, 1])
    return facts | {
        "numbers": dict(zip(("least", "quarter", "middle", "three quarters", "most"), quantiles.tolist(), strict=True))
    }


def warnings_about(facts: Mapping[str, Any]) -> list[str]:
    """What may spoil the training, in words."""
    found, rows = [], sum(facts["rows"].values())
    if facts["skipped"]:
        name, reason, detail = facts["skipped_names"][0]
        why = t(f"data.skip_{reason}") + (f": {detail}" if detail else "")
        found.append(t("records.skipped", count=sum(facts["skipped"].values()), name=name, reason=why))
    for name, count in facts["present"].items():
        if count < _RARE * rows:
            found.append(t("records.rare", modality=name, count=count, rows=rows))
    if facts["rows"]["train"] < _FEW:
        found.append(t("records.few", count=facts["rows"]["train"]))
    if facts["rows"]["validation"] < _FEW_HELD:
        found.append(t("records.few_held", count=facts["rows"]["validation"]))
    if counts := facts.get("classes"):
        by_size = sorted(counts.items(), key=lambda item: item[1])
        (least, few), (most, many) = by_size[0], by_size[-1]
        if many > _UNEVEN * few:
            found.append(t("records.uneven", most=most, many=many, least=least, few=few))
    return found
