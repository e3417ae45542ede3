"""What a source of pictures holds, in words and as a sheet: for `zaohua data pictures` and for the report of a run."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from zaohua.data.picture import CONTACT_SHEET
from zaohua.i18n import t
from zaohua.report.html import Content, Html, join, tag
from zaohua.report.numbers import whole

_MOST_CLASSES = 12  # named; of the others the number is given


def rows(facts: Mapping[str, Any]) -> dict[str, str]:
    """Words -> value, in order, for what is known. facts: the report of zaohua.data.pictures.Pictures."""
    sides, copies = facts["pictures"], facts["copies"]
    kinds = {t(f"pictures.kind_{name}"): count for name, count in facts["kinds"].items() if count}
    found = {
        "sides": t("pictures.sides_value", **{side: whole(count) for side, count in sides.items()}),
        "form": t("pictures.form_value", size=facts["size"], channels=t(f"pictures.channels_{facts['channels']}")),
        "input": _input(facts),
        "classes": counts(facts["classes"]),
        "kinds": counts(kinds),
        "originals": t("pictures.originals_value", **{k: "×".join(map(str, v)) for k, v in facts["originals"].items()}),
        "doubles": t("pictures.doubles_value", exact=whole(copies["exact"]), near=whole(copies["near"])),
        "left_out": left_out(facts),
        "credit": facts["credit"],
    }
    return {t(f"pictures.{key}"): value for key, value in found.items() if value}


def _input(facts: Mapping[str, Any]) -> str:
    """What pictures are made from, where they are: a source, or the name of a filter."""
    if "input" not in facts:
        return ""
    channels = t(f"pictures.channels_{facts['input_channels']}")
    partners = t("pairs.with_partners" if facts["paired"] else "pairs.without_partners")
    return f"{facts['input']} ({channels}; {partners})"


def section(facts: Mapping[str, Any], folder: Path) -> list[Content]:
    """The same as pieces of a page, with warnings above and the contact sheet of the run folder below."""
    return described(rows(facts), facts["warnings"], folder / CONTACT_SHEET, t("pictures.title"))


def described(words: Mapping[str, str], warnings: Sequence[str], shown: Path, title: str) -> list[Content]:
    """Warnings, facts in words, and a picture of the run folder, as pieces of a page."""
    entries = [tag("div", tag("dt", name), tag("dd", value)) for name, value in words.items()]
    return [
        *(tag("p", warning, class_="warning") for warning in warnings),
        tag("dl", *entries, class_="facts"),
        sheet(shown, title),
    ]


def sheet(path: Path, title: str) -> Html | None:
    """A picture of the run folder itself, inside the page, if it is there."""
    if not path.is_file():
        return None
    source = f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"
    return tag("figure", join(tag("img", src=source, alt=title, style="max-width:100%")))


def left_out(facts: Mapping[str, Any]) -> str:
    """How many files were left out for what reason."""
    return counts({t(f"data.skip_{reason}"): count for reason, count in facts["skipped"].items()}) or t("data.none")


def counts(counts: Mapping[str, int]) -> str:
    """{"cat": 12, "dog": 3} as "cat 12 · dog 3"."""
    named = [f"{name} {whole(count)}" for name, count in list(counts.items())[:_MOST_CLASSES]]
    return " · ".join([*named, *([f"+ {whole(len(counts) - len(named))}"] if len(counts) > len(named) else [])])
