"""Open any model by the path of its folder, or of the run that made it."""

import importlib
from pathlib import Path
from typing import Any

from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import t

LOADERS = {"qwen3": "zaohua.language.model:LanguageModel"}
"""model_type of config.json -> the class whose load(folder, name=…, **options) opens it."""

EVALUATORS = {"qwen3": "zaohua.language.evaluation:evaluate_folder"}
"""model_type of config.json -> the function of (model folder, source or None, column or None) that measures it."""


def load(path: str | Path, **options: Any) -> Any:
    """Open a model folder, or the best (else the last) checkpoint of a run folder.

    options go to the loader: device, dtype. Raises ZaohuaError, in one line, for anything else than a model.
    """
    folder, loader = _open(path, LOADERS)
    return loader.load(folder, name=_name(Path(path)), **options)


def evaluate(path: str | Path, source: str | None = None, column: str | None = None) -> dict[str, Any]:
    """A model's metrics beside those of its baselines.

    source: other data to measure it on ("file:…", "folder:…", …), of which a tenth is held out and scored; column: of
    a table. Left out: the validation part of its own run's.
    Raises ZaohuaError, in one line, when the model cannot be opened or there is nothing to measure it on.
    """
    folder, function = _open(path, EVALUATORS)
    return function(folder, source, column)


def _open(path: str | Path, table: dict[str, str]) -> tuple[Path, Any]:
    """The model folder behind `path`, and what the table holds for its kind."""
    from zaohua.language.folder import read_config

    if "\0" in str(path):
        raise UsageError(t("hub.bad_name", path=repr(str(path))))
    folder = find_model(Path(path).expanduser())
    module, _, name = table[read_config(folder)["model_type"]].partition(":")
    return folder, getattr(importlib.import_module(module), name)


def find_model(path: Path) -> Path:
    """The model folder that `path` stands for."""
    if not path.exists():
        raise ZaohuaError(t("hub.missing", path=path))
    if not path.is_dir():
        raise ZaohuaError(t("hub.not_a_folder", path=path))
    if (path / "config.json").exists():
        return path
    checkpoints = [path / "checkpoints" / kind for kind in ("best", "last")]
    for checkpoint in checkpoints:
        if (checkpoint / "config.json").exists():
            return checkpoint
    if (path / "recipe.toml").exists():
        raise ZaohuaError(t("hub.unfinished_run", path=path))
    if not any(path.iterdir()):
        raise ZaohuaError(t("hub.empty_folder", path=path))
    raise ZaohuaError(t("hub.not_a_model", path=path))


def _name(path: Path) -> str:
    """What to call the model: its folder's name, or its run's for a checkpoint."""
    path = path.expanduser().absolute()
    return path.parents[1].name if path.parent.name == "checkpoints" else path.resolve().name
