"""zaohua classify: the label of each text, with its probability."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from zaohua.cli.common import Json, console, print_json, table
from zaohua.errors import UsageError
from zaohua.i18n import t

if TYPE_CHECKING:
    from zaohua.language.encoders.model import EncoderModel


def classify(
    model: Annotated[str, typer.Argument(help="cli.model_help")],
    texts: Annotated[list[str], typer.Argument(help="encoder.help_texts", metavar="TEXT...")],
    json: Json = False,
) -> None:
    opened = open_encoder(model)
    if texts == ["-"]:
        texts = [line.rstrip("\n") for line in sys.stdin if line.strip()]
    found = opened.classify(texts)
    if json:
        pairs = zip(texts, found, strict=True)
        print_json([{"text": text, "label": f.label, "probabilities": f.probabilities} for text, f in pairs])
        return
    made = table("", t("encoder.label"), t("encoder.probability"), t("encoder.text"))
    made.columns[2].justify = "left"
    for text, each in zip(texts, found, strict=True):
        made.add_row(each.label, f"{each.probabilities[each.label]:.3f}", text)
    console().print(made)


def open_encoder(path: str) -> "EncoderModel":
    """The encoder at `path`; UsageError for any other model."""
    from zaohua import hub
    from zaohua.language.encoders.model import EncoderModel

    opened = hub.load(path)
    if not isinstance(opened, EncoderModel):
        raise UsageError(t("encoder.is_no_encoder", path=path))
    return opened
