"""zaohua careers assess: a job description, duty by duty."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from zaohua.cli.common import Json
from zaohua.i18n import t


def assess(
    file: Annotated[str, typer.Argument(help="exposure.file_help", metavar="FILE")],
    html: Annotated[Path | None, typer.Option("--html", help="careers.html_help", metavar="FILE")] = None,
    encoder: Annotated[bool, typer.Option("--encoder", help="exposure.encoder_help")] = False,
    json: Json = False,
) -> None:
    import sys

    from zaohua.careers.exposure import meaning
    from zaohua.careers.exposure.assess import assess as assessed
    from zaohua.careers.exposure.assess import leading_profile
    from zaohua.careers.exposure.duties import checked, decoded, duties, read_description
    from zaohua.careers.exposure.headings import named
    from zaohua.careers.exposure.page import page
    from zaohua.cli.careers import answer

    text = checked(decoded(sys.stdin.buffer, "-")) if file == "-" else read_description(file)
    parts = duties(text)
    if encoder:
        meaning.fetch()
    found = assessed(parts, named(text))
    data = {"construct": t("careers.construct"), "country": "US", **asdict(found)}
    if found.leading:
        data["occupation"] = leading_profile(found.leading).data()
    answer(page(found), data, html, json)
