"""zaohua fill: what could stand in the place of [MASK]."""

from typing import Annotated

import typer

from zaohua.cli.classify import open_encoder
from zaohua.cli.common import Json, console, print_json, table
from zaohua.i18n import t


def fill(
    model: Annotated[str, typer.Argument(help="cli.model_help")],
    text: Annotated[str, typer.Argument(help="encoder.help_masked_text")],
    top_k: Annotated[int, typer.Option("--top-k", help="encoder.help_top_k", min=1)] = 5,
    json: Json = False,
) -> None:
    places = open_encoder(model).fill_mask(text, top_k)
    if json:
        print_json(
            {"text": text, "places": [[{"text": g.text, "probability": g.probability} for g in p] for p in places]}
        )
        return
    for number, place in enumerate(places, 1):
        made = table(
            t("encoder.place", number=number) if len(places) > 1 else "", t("encoder.guess"), t("encoder.probability")
        )
        for guess in place:
            made.add_row(guess.shown, f"{guess.probability:.3f}")
        console().print(made)
