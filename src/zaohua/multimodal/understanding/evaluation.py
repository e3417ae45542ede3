"""Measuring a model folder again, on its run's rows that were held back or on others."""

from pathlib import Path
from typing import Any

from zaohua import recipe as recipes
from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import t
from zaohua.multimodal.understanding.network import Understander
from zaohua.tasks import load_task
from zaohua.training.parallel import Parallel, here


def evaluate_folder(folder: Path, source: str | None, column: str | None = None) -> dict[str, Any]:
    """The account of a model folder that lies in its run; see zaohua.multimodal.understanding.accounting.

    source: other rows of the same columns; a share of them, as the run's, is held out and scored.
    """
    origin = folder.resolve().parent.parent / "recipe.toml"
    if not origin.is_file():
        raise ZaohuaError(t("generate.no_data_to_measure", path=folder))
    raw = recipes.load_recipe(origin)
    if column is not None:
        raise UsageError(t("encoder.no_column_here", task=raw["task"]))
    if source is not None:
        raw["data"]["source"] = source
        raw["data"].pop("validation_source", None)
    task_class = load_task(raw["task"])
    task = task_class(recipes.validate(raw, task_class.Recipe, str(origin)))
    task.base = str(folder)
    alone = Parallel(rank=0, world=1, device=here(), mode="single")
    task.prepare(alone, visible=False)
    network = task.build()["model"].to(alone.device).eval()
    assert isinstance(network, Understander)
    return {**task.account(network, alone), "data": [task.recipe.data.source]}
