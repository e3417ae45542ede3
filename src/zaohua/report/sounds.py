"""What a source of sounds holds, in words and as a sheet: for `zaohua data sounds` and for the report of a run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zaohua.data.sound import SOUND_SHEET
from zaohua.i18n import t
from zaohua.report.html import Content
from zaohua.report.numbers import duration, whole
from zaohua.report.pictures import counts, described, left_out


def rows(facts: Mapping[str, Any]) -> dict[str, str]:
    """Words -> value, in order, for what is known. facts: the report of zaohua.data.sounds.Sounds."""
    sides, copies, lasting = facts["sounds"], facts["copies"], facts["durations"]
    form = "form_whole" if facts["seconds"] is None else "form_value"
    times = {name: f"{lasting[name]:.2f}" for name in ("shortest", "median", "longest")}
    found = {
        "sides": t("sounds.sides_value", **{side: whole(count) for side, count in sides.items()}),
        "form": t(f"sounds.{form}", rate=whole(facts["rate"]), seconds=facts["seconds"]),
        "classes": counts(facts["classes"]),
        "voices": " · ".join(facts["voices"]["validation"]),
        "rates": counts(facts["rates"]),
        "durations": t("sounds.durations_value", total=duration(lasting["total"]), **times),
        "silence": duration(facts["silence"]) if facts["silence"] else "",
        "loud": whole(facts["clipped"]) if facts["clipped"] else "",
        "doubles": t("sounds.doubles_value", exact=whole(copies["exact"]), near=whole(copies["near"])),
        "left_out": left_out(facts),
        "credit": facts["credit"],
    }
    return {t(f"sounds.{key}"): value for key, value in found.items() if value}


def section(facts: Mapping[str, Any], folder: Path) -> list[Content]:
    """The same as pieces of a page, with warnings above and the sheet of spectra of the run folder below."""
    return described(rows(facts), facts["warnings"], folder / SOUND_SHEET, t("sounds.title"))
