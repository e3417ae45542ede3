"""zaohua finetune: a recipe that goes on from a trained model."""

import json as json_format
from typing import Annotated

import typer

from zaohua.cli.common import AcceptChanges, DryRun, Json, Quiet, Resume, Settings
from zaohua.cli.train import follow
from zaohua.errors import UsageError
from zaohua.i18n import t

BASE = "model.base"  # the key of every task that can go on from a model


def finetune(
    model: Annotated[str, typer.Argument(help="finetune.model_help")],
    recipe: Annotated[str, typer.Argument(help="finetune.recipe_help")],
    settings: Settings = None,
    resume: Resume = False,
    accept_changes: AcceptChanges = False,
    dry_run: DryRun = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    from zaohua.recipe import list_recipes, load_recipe, require_needs

    raw = load_recipe(recipe, settings or [])
    require_needs(raw)  # before a model is fetched
    if not _can_go_on(raw.get("task")):
        known = ", ".join(name for name in list_recipes() if _can_go_on(load_recipe(name)["task"]))
        raise UsageError(t("finetune.not_for_finetuning", recipe=recipe, task=raw["task"], known=known))
    from zaohua import hub

    found, _ = hub.locate(model)
    based = load_recipe(recipe, [*(settings or []), f"{BASE}={json_format.dumps(str(found), ensure_ascii=False)}"])
    follow(based, resume=resume, accept_changes=accept_changes, dry_run=dry_run, quiet=quiet, json=json)


def _can_go_on(task: object) -> bool:
    """Whether recipes of this task can name a base."""
    from zaohua.tasks import load_task

    section = load_task(task).Recipe.model_fields["model"].annotation
    return "base" in getattr(section, "model_fields", ())
