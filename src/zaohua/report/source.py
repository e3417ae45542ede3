"""What was read, removed and kept, in words: for `zaohua data report` and for the beginning of a training run."""

from collections.abc import Mapping
from typing import Any

from zaohua.i18n import t
from zaohua.report.numbers import decimal, size, whole

_COUNTS = {"encodings": "", "languages": "", "skipped": "data.skip_", "removed": "data.removed_"}
_LINES = (
    ("files", "read", "encodings"),
    ("skipped", "removed"),
    ("kept", "split"),
    ("vocabulary", "bytes_per_token"),
)


def rows(facts: Mapping[str, Any]) -> dict[str, str]:
    """Key of the catalogue's area "data" -> its value in words, in order, for what is known.

    facts: a SourceReport as a dictionary, with what the preparation of a corpus adds to it.
    """
    found: dict[str, str] = {}
    if facts["files"]:
        found["files"] = whole(facts["files"])
    found["read"] = _amount(facts)
    for key, words in _COUNTS.items():
        counts = {name: count for name, count in facts[key].items() if count}
        if counts or key != "encodings":
            listed = ", ".join(f"{t(words + n) if words else n} {whole(count)}" for n, count in counts.items())
            found[key] = listed or t("data.none")
    if kept := facts.get("kept"):
        found["kept"] = f"{_amount(kept)} ({size(kept['bytes'])})"
    if sides := facts["split"]:
        amounts = {side: whole(sides[side]["characters"]) for side in ("train", "validation")}
        found["split"] = t("data.split_value", by=t(f"data.by_{sides['by']}"), **amounts)
    if "vocab_size" in facts:
        found["vocabulary"] = whole(facts["vocab_size"])
        ratios = facts["bytes_per_token"].items()
        found["bytes_per_token"] = ", ".join(f"{language} {decimal(ratio, 2)}" for language, ratio in ratios)
    return found


def lines(facts: Mapping[str, Any]) -> list[str]:
    """The same in a few lines."""
    known = rows(facts)
    grouped = [
        [t("data.fact", name=t(f"data.{key}"), value=known[key]) for key in keys if key in known] for keys in _LINES
    ]
    return [" · ".join(parts) for parts in grouped if parts]


def _amount(counts: Mapping[str, int]) -> str:
    return t("data.amount", documents=whole(counts["documents"]), characters=whole(counts["characters"]))
