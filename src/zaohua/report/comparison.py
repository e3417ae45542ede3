"""Tasks that are measured otherwise than in bits per byte: the model's numbers beside each baseline's, and what was
taken for what."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from zaohua.i18n import catalogue, language, t
from zaohua.report.findings import findings, is_duel
from zaohua.report.html import Content, Html, table, tag
from zaohua.report.numbers import decimal, number, percent, whole
from zaohua.report.record import Record, section
from zaohua.report.verdict import warnings

# task -> the number that counts, and whether more of it is better
_COUNTS = {
    "masked": ("loss", False),
    "classify": ("accuracy", True),
    "embed": ("mrr", True),
    "contrastive": ("recall_at_10", True),
    "seq2seq": ("chrf", True),
    "transcribe": ("word_error_rate", False),
    "instruct": ("loss", False),
    "prefer": ("accuracy", True),
    "vocoder": ("fd", False),
    "gan-translate": ("fd", False),
    "image-tokens": ("fd", False),
    "sound-tokens": ("mel_distance", False),
    "understand": ("accuracy", True),
    "av-digits": ("accuracy", True),
}
_OF_NUMBERS = ("mae", False)  # of a task that may tell numbers in place of classes
_FLOOR = "floor"  # a baseline that is what real data score: no rival to be beaten
_LEVEL = 0.005  # a difference smaller than this share is none
_ERRORS = tuple(f"{before}{unit}_error_rate" for before in ("", "unheard_") for unit in ("word", "character"))
_WAY = re.compile(r"(en|zh)_(find|name)_(.+)")  # a measure of sentences in one language that find media, or the reverse
SHARES = ("accuracy", "likelier", "macro_f1", "recall_at_1", "recall_at_5", "recall_at_10", "values_said", *_ERRORS)


def is_compared(record: Record) -> bool:
    """Whether this run's task has numbers of its own."""
    return record.recipe.get("task") in _COUNTS


def metric_name(name: str, among: Collection[str] = ()) -> str:
    """A metric in words, if there are any for it. among: the metrics beside it, which tell a loss of numbers."""
    if name == "loss" and "mae" in among:
        return t("encoder.metric_loss_of_numbers")
    if (found := _WAY.fullmatch(name)) is not None:
        return t(f"encoder.way_{found[2]}_{found[1]}", metric=metric_name(found[3]))
    return t(f"encoder.metric_{name}") if f"metric_{name}" in catalogue(language(), "encoder") else name


def rival_name(name: str, scores: Mapping[str, Any]) -> str:
    """A baseline in words, if there are any for it."""
    known = f"baseline_{name}" in catalogue(language(), "encoder")
    return t(f"encoder.baseline_{name}", order=scores.get("order", "?")) if known else name


def comparison(record: Record) -> Html:
    """Did it work: one sentence, then every number beside the baselines'."""
    baselines = section(record.summary, "baselines")
    rivals = {name: scores for name, scores in baselines.items() if isinstance(scores, dict)}
    kind, sentence = _verdict(record, rivals)
    names = [
        name
        for name, value in record.best.items()
        if name not in ("step", "kind", "seconds") and number(value) is not None
    ]
    rows: list[list[Content]] = [
        [
            metric_name(name, names),
            _value(name, record.best[name]),
            *(_value(name, scores.get(name)) for scores in rivals.values()),
        ]
        for name in names
    ]
    head = ["", t("report.this_model"), *(rival_name(*item) for item in rivals.items())]
    return tag(
        "section",
        tag("p", sentence, class_=f"verdict {kind}"),
        *(tag("p", text, class_="warning") for text in warnings(record)),
        *(findings(record) if is_duel(record) else ()),
        table(head, rows, class_="numbers"),
        tag("p", t(f"encoder.explained_{record.recipe['task']}"), class_="note"),
    )


def confusion(record: Record) -> Html | None:
    """Who was taken for whom: a row a true label, a column a given one."""
    labels, counts = record.summary.get("labels"), record.summary.get("confusion")
    if not isinstance(labels, list) or not isinstance(counts, list):
        return None
    head = [t("encoder.true_label"), *map(str, labels), t("encoder.found")]
    rows: list[list[Content]] = []
    for place, (label, row) in enumerate(zip(labels, counts, strict=False)):
        total = sum(filter(None, map(number, row)))
        cells = [tag("b", whole(count)) if column == place else whole(count) for column, count in enumerate(row)]
        rows.append([str(label), *cells, percent(row[place] / total if total else None)])
    inside = table(head, rows, class_="numbers")
    note = tag("p", t("encoder.confusion_note"), class_="note")
    return tag("section", tag("h2", t("encoder.confusion_title")), inside, note, id="confusion")


def _verdict(record: Record, rivals: Mapping[str, Mapping[str, Any]]) -> tuple[str, str]:
    """("beats" | "level" | "loses" | "unknown", one sentence), against the best baseline."""
    name, more_is_better = _COUNTS[record.recipe["task"]]
    if _OF_NUMBERS[0] in record.best:
        name, more_is_better = _OF_NUMBERS
    ours = number(record.best.get(name))
    scored = {rival: number(scores.get(name)) for rival, scores in rivals.items() if rival != _FLOOR}
    known = {rival: value for rival, value in scored.items() if value is not None}
    if ours is None or not known:
        return "unknown", t("encoder.verdict_unknown", metric=metric_name(name), ours=_value(name, ours))
    best = (max if more_is_better else min)(known, key=lambda rival: known[rival])
    theirs = known[best]
    better = ours > theirs if more_is_better else ours < theirs
    kind = "level" if abs(ours - theirs) < _LEVEL * abs(theirs) else "beats" if better else "loses"
    words = {"metric": metric_name(name), "ours": _value(name, ours), "theirs": _value(name, theirs)}
    return kind, t(f"encoder.verdict_{kind}", rival=rival_name(best, rivals[best]), **words)


def _value(name: str, value: object) -> str:
    found = _WAY.fullmatch(name)
    return percent(value) if (found[3] if found else name) in SHARES else decimal(value)
