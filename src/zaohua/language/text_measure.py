"""Measuring a trained encoder or encoder-decoder again, on its run's validation data or on other data."""

from pathlib import Path
from typing import Any

from zaohua import recipe as recipes
from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import t
from zaohua.tasks import load_task
from zaohua.training.parallel import Parallel, here

_TEXT_COLUMN = {"masked": "column", "classify": "text"}  # of [data], in the tasks that read one text a row


def evaluate_folder(folder: Path, source: str | None, column: str | None = None) -> dict[str, Any]:
    """Metrics and baselines of a model folder that lies in its run.

    source: other data, read and split as the run's; column: of the text, where the run read a text column.
    Raises ZaohuaError where the run's recipe, which says how to read the data, is not there.
    """
    origin = folder.resolve().parent.parent / "recipe.toml"
    if not origin.is_file():
        raise ZaohuaError(t("generate.no_data_to_measure", path=folder))
    raw = recipes.load_recipe(origin)
    if source is not None:
        raw["data"]["source"] = source
        raw["data"].pop("validation_source", None)
    task_class = load_task(raw["task"])
    if column is not None:
        if raw["task"] not in _TEXT_COLUMN:
            raise UsageError(t("encoder.no_column_here", task=raw["task"]))
        raw["data"][_TEXT_COLUMN[raw["task"]]] = column
    raw.setdefault("model", {})["base"] = str(folder)
    task = task_class(recipes.validate(raw, task_class.Recipe, str(origin)))
    task.measuring = True
    alone = Parallel(rank=0, world=1, device=here(), mode="single")
    task.prepare(alone, visible=False)
    modules = {name: module.to(alone.device).eval() for name, module in task.build().items()}
    return {"metrics": task.evaluate(modules, alone), "baselines": task.baselines(), "data": task.recipe.data.sources}
