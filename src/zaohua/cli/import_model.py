"""zaohua import: a model made elsewhere becomes a model folder."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from zaohua.cli.common import Json, print_json
from zaohua.errors import UsageError
from zaohua.i18n import t


def import_model(
    source: Annotated[str, typer.Argument(help="models.help_source")],
    folder: Annotated[Path | None, typer.Argument(help="models.help_folder")] = None,
    floats: Annotated[Literal["f32", "bf16", "f16"] | None, typer.Option("--type", help="models.help_floats")] = None,
    revision: Annotated[str | None, typer.Option(help="models.help_revision")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="models.help_replace")] = False,
    json: Json = False,
) -> None:
    from zaohua import hub

    found, name = hub.locate(source, revision)
    folder = folder or Path("models") / name.rpartition("/")[2]
    check_free(folder, replace)
    model = hub.load(found, device="cpu", dtype=dtype_of(floats, found))
    model.name = name
    model.save(folder)
    facts = describe(model, folder)
    if json:
        print_json(facts)
    else:
        print(t("models.imported", **facts))


def check_free(path: Path, replace: bool) -> None:
    """UsageError if something is there already that was not said to be replaced."""
    if path.is_dir() and not any(path.iterdir()):
        return
    if path.exists() and not replace:
        raise UsageError(t("models.taken", path=path))


def dtype_of(floats: str | None, found: Path) -> Any:
    """The torch dtype asked for (f32, bf16 or f16), else the one that a folder says it keeps its weights in, else fp32:
    also for adapters, which are merged."""
    import torch

    from zaohua.model_folder.files import read_json

    names = {"f32": "float32", "bf16": "bfloat16", "f16": "float16"}
    if floats is not None:
        return getattr(torch, names[floats])
    config = found / "config.json"
    raw = read_json(config) if config.is_file() else {}
    stored = str(raw.get("dtype") or raw.get("torch_dtype")).removeprefix("torch.")
    return getattr(torch, stored) if stored in names.values() else torch.float32


def describe(model: Any, path: Path) -> dict[str, Any]:
    """What was written."""
    config = next(getattr(model, part) for part in ("decoder", "encoder", "module") if hasattr(model, part)).config
    return {
        "name": model.name,
        "path": str(path),
        "parameters": config.num_parameters(),
        "layers": config.layers,
        "width": config.width,
        "context": config.context,
        "vocab_size": config.vocab_size,
    }
