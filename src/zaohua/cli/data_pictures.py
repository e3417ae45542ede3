"""zaohua data pictures: what a training on pictures would see."""

from pathlib import Path
from typing import Annotated

import typer

from zaohua.cli.common import Json
from zaohua.cli.data_media import show


def report_pictures(
    source: Annotated[str, typer.Argument(help="pictures.source_help")],
    size: Annotated[int, typer.Option("--size", help="pictures.size_help")] = 64,
    fit: Annotated[str, typer.Option("--fit", help="pictures.fit_help")] = "cover",
    sheet: Annotated[Path | None, typer.Option("--sheet", help="pictures.sheet_help")] = None,
    json: Json = False,
) -> None:
    from zaohua.data.pictures import PictureConfig, Pictures, read_pictures, write_contact_sheet
    from zaohua.recipe import validate
    from zaohua.report.pictures import rows

    def read() -> Pictures:
        config = validate({"source": source, "size": size, "fit": fit}, PictureConfig, "zaohua data pictures")
        return read_pictures(config, 0, visible=not json)

    show(source, read, rows, write_contact_sheet, sheet, json=json)
