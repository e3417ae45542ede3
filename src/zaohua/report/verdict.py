"""Did it work? The answer in words, for the report and the terminal alike."""

from collections.abc import Mapping
from typing import Any

from zaohua.i18n import t
from zaohua.report.numbers import decimal, number, percent, whole
from zaohua.report.record import Record

_LEVEL = 0.005  # a difference smaller than this share is none
_OVERFIT = 1.01  # last loss over best loss from which the run went on too long


def verdict(record: Record) -> tuple[str, str]:
    """Better or worse than counting: ("beats" | "level" | "loses" | "unknown", one sentence)."""
    loss, counted = number(record.best.get("loss")), number(record.baseline("ngram").get("loss"))
    if loss is None or counted is None or counted <= 0:
        return "unknown", t("report.verdict_unknown", loss=decimal(loss))
    share = abs(1 - loss / counted)
    kind = "level" if share < _LEVEL else "beats" if loss < counted else "loses"
    return kind, t(f"report.verdict_{kind}", share=percent(share), order=record.baseline("ngram").get("order", "?"))


def copying(overlap: Mapping[str, Any]) -> str | None:
    """How much of what the model wrote stands in its training text, beside real text: one sentence, if it is known."""
    real = overlap.get("reference")
    if not overlap.get("texts") or not isinstance(real, Mapping):
        return None
    return t(
        "report.overlap_line",
        window=whole(overlap.get("window")),
        share=percent(overlap.get("share")),
        longest=whole(overlap.get("longest")),
        real_share=percent(real.get("share")),
        real_longest=whole(real.get("longest")),
    )


def warnings(record: Record) -> list[str]:
    """What a reader must know before trusting the numbers."""
    found = []
    if not record.finished:
        last = max([line["step"] for line in record.train + record.evals], default=0)
        found.append(t("report.unfinished", step=whole(last)))
    if overfits(record):
        found.append(
            t(
                "report.overfits",
                best=whole(record.best["step"]),
                best_loss=decimal(record.best["loss"]),
                last_loss=decimal(record.evals[-1]["loss"]),
            )
        )
    return found


def overfits(record: Record) -> bool:
    """Whether the loss on unseen text was clearly lower before the end."""
    last = number(record.evals[-1].get("loss")) if record.evals else None
    return last is not None and last > _OVERFIT * record.best["loss"]


def scores(record: Record) -> list[tuple[str, dict[str, Any]]]:
    """(name, scores) of the model, the base it went on from, the n-gram table and the unigram, as far as they are
    known."""
    rows = [(t("report.this_model"), record.best), (t("cli.before"), record.baseline("before"))]
    for name in ("ngram", "unigram"):
        found = record.baseline(name)
        rows.append((t(f"report.{name}", order=found.get("order", "?")), found))
    return [(name, found) for name, found in rows if found]
