"""zaohua data pictures: what a training on pictures would see."""

from pathlib import Path
from typing import Annotated

import typer

from zaohua.cli.common import Json, console, print_json, table
from zaohua.i18n import t


def report_pictures(
    source: Annotated[str, typer.Argument(help="pictures.source_help")],
    size: Annotated[int, typer.Option("--size", help="pictures.size_help")] = 64,
    fit: Annotated[str, typer.Option("--fit", help="pictures.fit_help")] = "cover",
    sheet: Annotated[Path | None, typer.Option("--sheet", help="pictures.sheet_help")] = None,
    json: Json = False,
) -> None:
    from zaohua.data.pictures import PictureConfig, read_pictures, write_contact_sheet
    from zaohua.errors import UsageError
    from zaohua.recipe import validate
    from zaohua.report.pictures import rows

    if sheet is not None and sheet.exists():
        raise UsageError(t("pictures.sheet_exists", path=sheet))
    config = validate({"source": source, "size": size, "fit": fit}, PictureConfig, "zaohua data pictures")
    found = read_pictures(config, 0, visible=not json)
    if sheet is not None:
        write_contact_sheet(found, sheet)
    if json:
        print_json(found.report)
        return
    made = table(t("data.report_title", source=source), "", "")
    made.show_header = False
    for name, value in rows(found.report).items():
        made.add_row(name, value)
    out = console()
    out.print(made)
    for warning in found.report["warnings"]:
        out.print(warning)
    if sheet is not None:
        out.print(t("pictures.sheet_written", path=sheet))
