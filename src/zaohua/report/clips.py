"""What a source of clips holds, in words and as a sheet: for `zaohua data clips` and for the report of a run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zaohua.data.clip import CLIP_SHEET
from zaohua.i18n import t
from zaohua.report.html import Content
from zaohua.report.numbers import duration, whole
from zaohua.report.pictures import counts, described, left_out


def rows(facts: Mapping[str, Any]) -> dict[str, str]:
    """Words -> value, in order, for what is known. facts: the report of zaohua.data.clips.Clips."""
    copies, lasting = facts["copies"], facts["durations"]
    channels = t(f"pictures.channels_{facts['channels']}")
    form = {"size": facts["size"], "channels": channels, "fps": f"{facts['fps']:g}", "frames": facts["frames"]}
    times = {name: f"{lasting[name]:.2f}" for name in ("shortest", "median", "longest")}
    sides, windows = (
        t("clips.sides_value", **{side: whole(count) for side, count in facts[name].items()}) if name in facts else ""
        for name in ("clips", "windows")
    )
    found = {
        "sides": sides,
        "windows": windows,
        "form": t("clips.form_value" if windows else "clips.form_whole", **form),
        "classes": counts(facts["classes"]),
        "rates": counts({rate or t("clips.rate_unknown"): count for rate, count in facts["rates"].items()}),
        "durations": t("clips.durations_value", total=duration(lasting["total"]), **times),
        "originals": t("pictures.originals_value", **{k: "×".join(map(str, v)) for k, v in facts["originals"].items()}),
        "doubles": t("clips.doubles_value", exact=whole(copies["exact"]), near=whole(copies["near"])),
        "left_out": left_out(facts),
        "credit": facts["credit"],
    }
    return {t(f"clips.{key}"): value for key, value in found.items() if value}


def section(facts: Mapping[str, Any], folder: Path) -> list[Content]:
    """The same as pieces of a page, with warnings above and the sheet of frames of the run folder below."""
    return described(rows(facts), facts["warnings"], folder / CLIP_SHEET, t("clips.title"))
