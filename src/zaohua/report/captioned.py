"""What a source of pairs holds, in words: for `zaohua data captioned` and for the report of a run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zaohua.data.picture import CONTACT_SHEET
from zaohua.i18n import t
from zaohua.report import clips, pictures, sounds
from zaohua.report.html import Content
from zaohua.report.numbers import whole
from zaohua.report.pictures import counts, described

_ROWS = {"pictures": pictures.rows, "sounds": sounds.rows, "clips": clips.rows}


def rows(facts: Mapping[str, Any]) -> dict[str, str]:
    """Words -> value, in order: of the media as without captions, then of the captions. facts: the report of
    zaohua.data.captioned.Captioned."""
    said = facts["captions"]
    languages = {name: found for name, found in said["languages"].items() if found["examples"]}
    found = {f"language_{name}": _language(name, numbers) for name, numbers in languages.items()}
    found |= {
        "seen": " · ".join(
            t(f"captioned.seen_{name}", seen=whole(numbers["seen"]), of=whole(numbers["validation"]))
            for name, numbers in languages.items()
        ),
        "shared_captions": whole(said["shared"]) if said["shared"] else "",
        "other": counts(said["other_languages"]),
        "other_asked": counts(said.get("other_questions", {})),  # which older reports have not
        "encodings": counts(facts["encodings"]),
    }
    return _ROWS[facts["kind"]](facts) | {t(f"captioned.{key}"): value for key, value in found.items() if value}


def section(facts: Mapping[str, Any], folder: Path) -> list[Content]:
    """The same as pieces of a page, with warnings above and the sheet of the run folder below, if there is one."""
    return described(rows(facts), facts["warnings"], folder / CONTACT_SHEET, t(f"{facts['kind']}.title"))


def _language(name: str, found: Mapping[str, Any]) -> str:
    numbers = {key: whole(found[key]) for key in ("captions", "examples", "different")}
    return t(f"captioned.value_{name}", **numbers, words=f"{found['words']:g}")
