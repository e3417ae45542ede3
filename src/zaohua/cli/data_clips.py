"""zaohua data clips: what a training on clips would see."""

from pathlib import Path
from typing import Annotated, Any

import typer

from zaohua.cli.common import Json
from zaohua.cli.data_media import show


def report_clips(
    source: Annotated[str, typer.Argument(help="clips.source_help")],
    size: Annotated[int, typer.Option("--size", help="clips.size_help")] = 32,
    fps: Annotated[str, typer.Option("--fps", help="clips.fps_help")] = "auto",
    frames: Annotated[int, typer.Option("--frames", help="clips.frames_help")] = 16,
    fit: Annotated[str, typer.Option("--fit", help="pictures.fit_help")] = "cover",
    sheet: Annotated[Path | None, typer.Option("--sheet", help="clips.sheet_help")] = None,
    json: Json = False,
) -> None:
    from zaohua.data.clips import ClipConfig, Clips, read_clips, write_clip_sheet
    from zaohua.recipe import validate
    from zaohua.report.clips import rows

    settings: dict[str, Any] = {"source": source, "size": size, "frames": frames, "fit": fit}
    try:
        settings["fps"] = float(fps)
    except ValueError:
        settings["fps"] = fps  # "auto", or for the schema to refuse

    def read() -> Clips:
        return read_clips(validate(settings, ClipConfig, "zaohua data clips"), 0, visible=not json)

    show(source, read, rows, write_clip_sheet, sheet, json=json)
