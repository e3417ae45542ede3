"""zaohua data sounds: what a training on sounds would hear."""

from pathlib import Path
from typing import Annotated, Any

import typer

from zaohua.cli.common import Json
from zaohua.cli.data_media import show


def report_sounds(
    source: Annotated[str, typer.Argument(help="sounds.source_help")],
    rate: Annotated[str, typer.Option("--rate", help="sounds.rate_help")] = "auto",
    seconds: Annotated[float | None, typer.Option("--seconds", help="sounds.seconds_help")] = None,
    sheet: Annotated[Path | None, typer.Option("--sheet", help="sounds.sheet_help")] = None,
    json: Json = False,
) -> None:
    from zaohua.data.sounds import SoundConfig, Sounds, read_sounds, write_sound_sheet
    from zaohua.recipe import validate
    from zaohua.report.sounds import rows

    settings: dict[str, Any] = {"source": source, "seconds": seconds, "trim": True}
    settings["rate"] = int(rate) if rate.isascii() and rate.isdecimal() else rate

    def read() -> Sounds:
        return read_sounds(validate(settings, SoundConfig, "zaohua data sounds"), 0, visible=not json)

    show(source, read, rows, write_sound_sheet, sheet, json=json)
