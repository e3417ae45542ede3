"""zaohua export: a model as one GGUF file for llama.cpp and its kin, or as a Hugging Face folder."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from zaohua.cli.common import Json, print_json
from zaohua.cli.import_model import check_free, describe, dtype_of
from zaohua.errors import UsageError
from zaohua.i18n import t

_TYPES = {"gguf": ("f16", "f32", "q8_0"), "hf": ("f32", "bf16", "f16")}


def export_model(
    model: Annotated[str, typer.Argument(help="cli.model_help")],
    to: Annotated[Literal["gguf", "hf"], typer.Option(help="models.help_to")],
    kind: Annotated[
        Literal["f32", "f16", "bf16", "q8_0"] | None, typer.Option("--type", help="models.help_type")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="models.help_out")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="models.help_replace")] = False,
    json: Json = False,
) -> None:
    from zaohua import hub

    if kind is not None and kind not in _TYPES[to]:
        raise UsageError(t("models.bad_type", type=kind, to=to, known=", ".join(_TYPES[to])))
    found, name = hub.locate(model)
    short = name.rpartition("/")[2]
    out = out or Path("models") / (f"{short}-{kind or 'f16'}.gguf" if to == "gguf" else short)
    if to == "gguf" and out.suffix != ".gguf":
        raise UsageError(t("models.not_gguf", path=out))
    check_free(out, replace)
    opened = hub.load(found, device="cpu", dtype=dtype_of("f32" if to == "gguf" else kind, found))
    opened.name = name
    if to == "hf":
        opened.save(out)
    elif hasattr(opened, "save_gguf"):
        opened.save_gguf(out, kind or "f16")
    else:
        raise UsageError(t("models.no_gguf", path=found))
    facts = describe(opened, out)
    if json:
        print_json(facts)
    else:
        print(t("models.exported", **facts))
