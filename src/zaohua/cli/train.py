"""zaohua train: any recipe, to its end or its cost alone."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zaohua.cli.common import (
    AcceptChanges,
    DryRun,
    Json,
    Quiet,
    Resume,
    Settings,
    console,
    make_way,
    print_json,
    table,
)
from zaohua.i18n import t

if TYPE_CHECKING:
    from zaohua.recipe import RawRecipe


def train(
    recipe: Annotated[str, typer.Argument(help="cli.recipe_help")],
    settings: Settings = None,
    resume: Resume = False,
    accept_changes: AcceptChanges = False,
    dry_run: DryRun = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    from zaohua.recipe import load_recipe

    raw = load_recipe(recipe, settings or [])
    follow(raw, resume=resume, accept_changes=accept_changes, dry_run=dry_run, quiet=quiet, json=json)


def follow(raw: "RawRecipe", *, resume: bool, accept_changes: bool, dry_run: bool, quiet: bool, json: bool) -> None:
    """Run a recipe and show its summary, or show what it would cost."""
    make_way(quiet=quiet or json)
    from zaohua.training import run  # after the recipe is read: a typing mistake is answered before torch has loaded

    if dry_run:
        plan = run.describe(raw, origin=raw.origin)
        print_json(plan) if json else _show_plan(plan)
        return
    summary = run.train(raw, origin=raw.origin, resume=resume, accept_changes=accept_changes, quiet=quiet or json)
    if os.environ.get("RANK", "0") != "0":
        return  # torchrun starts this command on every rank; one of them speaks
    folder = raw["run"]["dir"]
    if json:
        print_json(summary | {"folder": folder})
    elif not quiet:
        _show_summary(summary, folder)


def _show_summary(summary: Mapping[str, Any], folder: str) -> None:
    from zaohua.cli.results import results_table, scores_table
    from zaohua.report.next_steps import writes
    from zaohua.report.verdict import copying

    out = console()
    if "scores" in summary:
        out.print(scores_table(summary))
    else:
        out.print(results_table(summary["metrics"], summary.get("baselines", {})))
    if copied := copying(summary.get("overlap", {})):
        out.print(copied)
    out.print(t("cli.trained" if writes(summary.get("task")) else "encoder.trained", folder=folder))


def _show_plan(plan: Mapping[str, Any]) -> None:
    from rich.syntax import Syntax

    from zaohua.machine import available_memory
    from zaohua.report.numbers import duration, scaled, size, whole

    out = console()
    out.print(Syntax(plan["recipe"].strip(), "toml", background_color="default", word_wrap=True))
    made = table(t("cli.plan"), "", "")
    made.show_header = False
    bounded = plan.get("at_most", ())
    made.add_row(t("cli.parameters"), scaled(plan["parameters"]))
    if "vocab_size" in plan:
        made.add_row(t("cli.vocabulary"), _bound(whole(plan["vocab_size"]), "vocab_size" in bounded))
    steps = t("cli.steps_unknown") if plan["steps"] is None else _bound(whole(plan["steps"]), "steps" in bounded)
    made.add_row(t("cli.steps"), steps)
    for unit, count in plan["units_per_step"].items():
        total = "" if plan["steps"] is None else f" · {t('cli.in_all', count=scaled(count * plan['steps']))}"
        made.add_row(t("cli.per_step", unit=t(f"cli.unit_{unit}")), scaled(count) + total)
    free = available_memory()
    made.add_row(t("cli.memory"), t("cli.memory_free", needed=size(plan["memory_bytes"]), free=size(free)))
    made.add_row(t("cli.operations"), f"{scaled(plan['flops'])}FLOP")
    made.add_row(t("cli.time"), duration(plan["seconds"]))
    out.print(made)
    if plan["memory_bytes"] > free:
        out.print(t("cli.too_little_memory"), style="yellow")


def _bound(value: str, at_most: bool) -> str:
    return t("cli.at_most", value=value) if at_most else value
