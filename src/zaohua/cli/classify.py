"""zaohua classify: the label of each text, or what a model that understands makes of texts, files and values."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zaohua.cli.common import Json, console, print_json, table
from zaohua.errors import UsageError
from zaohua.i18n import t

if TYPE_CHECKING:
    from zaohua.language.encoders.model import EncoderModel
    from zaohua.multimodal.understanding.model import UnderstandingModel

_PER_ROW = 5  # classes shown


def classify(
    model: Annotated[str, typer.Argument(help="cli.model_help")],
    texts: Annotated[list[str] | None, typer.Argument(help="encoder.help_texts", metavar="[TEXT]...")] = None,
    image: Annotated[Path | None, typer.Option("--image", help="understand.help_image", metavar="FILE")] = None,
    audio: Annotated[Path | None, typer.Option("--audio", help="understand.help_audio", metavar="FILE")] = None,
    video: Annotated[Path | None, typer.Option("--video", help="understand.help_video", metavar="FILE")] = None,
    value: Annotated[list[str] | None, typer.Option("--value", help="understand.help_value", metavar="NAME=X")] = None,
    explain: Annotated[Path | None, typer.Option("--explain", help="understand.help_explain", metavar="FILE")] = None,
    json: Json = False,
) -> None:
    from zaohua import hub
    from zaohua.multimodal.understanding.model import UnderstandingModel

    opened = hub.load(model)
    if isinstance(opened, UnderstandingModel):
        files = {"image": image, "audio": audio, "video": video, "table": _values(value)}
        _tell(opened, texts or [], {name: given for name, given in files.items() if given is not None}, explain, json)
        return
    options = {"--image": image, "--audio": audio, "--video": video, "--value": value, "--explain": explain}
    for option, given in options.items():
        if given is not None:
            raise UsageError(t("understand.not_for_texts", option=option, path=model))
    _sort(opened, model, texts or [], json)


def _sort(opened: Any, path: str, texts: list[str], json: bool) -> None:
    """The label of each text by an encoder."""
    encoder = checked_encoder(opened, path)
    if not texts:
        raise UsageError(t("understand.no_text"))
    if texts == ["-"]:
        texts = [line.rstrip("\n") for line in sys.stdin if line.strip()]
    found = encoder.classify(texts)
    if json:
        pairs = zip(texts, found, strict=True)
        print_json([{"text": text, "label": f.label, "probabilities": f.probabilities} for text, f in pairs])
        return
    made = table("", t("encoder.label"), t("encoder.probability"), t("encoder.text"))
    made.columns[2].justify = "left"
    for text, each in zip(texts, found, strict=True):
        made.add_row(each.label, f"{each.probabilities[each.label]:.3f}", text)
    console().print(made)


def _tell(
    model: "UnderstandingModel", texts: list[str], example: dict[str, Any], explain: Path | None, json: bool
) -> None:
    """What one example is, and a page about why, where it is asked for."""
    if len(texts) > 1:
        raise UsageError(t("understand.one_text", count=len(texts)))
    if texts:
        example = {"text": texts[0], **example}
    answer = model.predict(example)
    if explain is not None:
        _explain(model, example, explain)
        if not json:
            print(t("contrastive.page_written", path=explain))
    if json:
        told = {"number": answer.number} if answer.number is not None else {"label": answer.label}
        print_json({**told, "probabilities": answer.probabilities, "weights": answer.weights})
        return
    if answer.number is not None:
        print(f"{answer.number:.6g}")
        return
    made = table("", t("encoder.label"), t("encoder.probability"))
    for label, probability in list(answer.probabilities.items())[:_PER_ROW]:
        made.add_row(label, f"{probability:.3f}")
    console().print(made)


def _explain(model: "UnderstandingModel", example: dict[str, Any], path: Path) -> None:
    from zaohua.multimodal.fusion.page import write_attributions

    if path.suffix.lower() not in (".html", ".htm") or path.is_dir():
        raise UsageError(t("careers.bad_html", path=path))
    try:
        write_attributions(path, model.name, model.explain([example], [t("understand.your_example")]))
    except OSError as error:
        raise UsageError(t("careers.bad_html", path=path)) from error


def _values(pairs: list[str] | None) -> dict[str, str] | None:
    """Cells of a table from the command line: ["price=3", "colour=red"]."""
    if pairs is None:
        return None
    for pair in pairs:
        if "=" not in pair:
            raise UsageError(t("understand.bad_value", text=pair))
    return {column.strip(): cell for column, _, cell in (pair.partition("=") for pair in pairs)}


def open_encoder(path: str) -> "EncoderModel":
    """The encoder at `path`; UsageError for any other model."""
    from zaohua import hub

    return checked_encoder(hub.load(path), path)


def checked_encoder(opened: Any, path: str) -> "EncoderModel":
    """The model, if it is an encoder; UsageError for any other."""
    from zaohua.language.encoders.model import EncoderModel

    if not isinstance(opened, EncoderModel):
        raise UsageError(t("encoder.is_no_encoder", path=path))
    return opened
