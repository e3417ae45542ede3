"""zaohua data captioned: what a training on pairs of a medium and its captions would see."""

from pathlib import Path
from typing import Annotated, Any

import typer

from zaohua.cli.common import Json
from zaohua.cli.data_media import show


def report_captioned(
    source: Annotated[str, typer.Argument(help="captioned.source_help")],
    kind: Annotated[str, typer.Option("--kind", help="captioned.kind_help")] = "pictures",
    files: Annotated[str | None, typer.Option("--files", help="captioned.files_help", metavar="SOURCE")] = None,
    captions: Annotated[str, typer.Option("--captions", help="captioned.captions_help")] = "beside",
    size: Annotated[int, typer.Option("--size", help="captioned.size_help")] = 64,
    sheet: Annotated[Path | None, typer.Option("--sheet", help="captioned.sheet_help")] = None,
    json: Json = False,
) -> None:
    from zaohua.data.captioned import Captioned, CaptionedConfig, read_captioned, write_captioned_sheet
    from zaohua.recipe import validate
    from zaohua.report.captioned import rows

    settings: dict[str, Any] = {"source": source, "kind": kind, "captions": captions, "size": size}
    if files is not None:
        settings["files"] = files

    def read() -> Captioned:
        return read_captioned(validate(settings, CaptionedConfig, "zaohua data captioned"), 0, visible=not json)

    show(source, read, rows, write_captioned_sheet, sheet, json=json)
