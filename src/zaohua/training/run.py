"""From a recipe to a finished run folder."""

import json
import shlex
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from zaohua import recipe as recipes
from zaohua.errors import UsageError, ZaohuaError, one_line
from zaohua.files import write_atomic
from zaohua.i18n import t
from zaohua.machine import describe_machine, keep_memory, peak_flops
from zaohua.report import write_report
from zaohua.tasks import load_task
from zaohua.training import checkpoint, parallel, precision
from zaohua.training.film import write_film
from zaohua.training.monitor import journal, say
from zaohua.training.signals import Stopped
from zaohua.training.task import Task, Weights
from zaohua.training.trainer import Trainer

TYPICAL_SHARE = 0.6  # of the measured matrix-product rate that a training step reaches (benchmarks/RESULTS.md)


def train(
    raw: dict[str, Any],
    *,
    origin: str = "",
    resume: bool = False,
    accept_changes: bool = False,
    quiet: bool = False,
) -> dict[str, Any]:
    """Run a recipe (as load_recipe gives it) to its end and return its summary.

    origin: where the recipe came from, for error messages. resume: go on from the run folder's newest state.
    accept_changes: even if recipe or data are not what they were. quiet: show nothing.
    Raises UsageError (used folder, changed recipe), Stopped (after a signal), ZaohuaError.
    """
    task_class = load_task(raw.get("task"))
    recipe = recipes.validate(raw, task_class.Recipe, origin)
    recipes.require_needs(raw)
    folder = Path(recipe.run.dir)
    state = _state_to_resume(folder, resume, quiet)
    changed: list[str] = []
    if state is not None:
        saved = checkpoint.facts(state)
        changed = recipes.changed_keys(saved["recipe"], raw)
        if changed and not accept_changes:
            raise UsageError(t("training.recipe_changed", keys=", ".join(changed)))
        if not changed:
            if (folder / "summary.json").exists() and saved["step"] == saved["total"]:
                say(t("training.finished_before", folder=folder), quiet)
                if not (folder / "report.html").exists():  # killed, or the disk full, between the two
                    write_report(folder)
                return json.loads((folder / "summary.json").read_text(encoding="utf-8"))
            recipe = recipes.validate(saved["resolved"], task_class.Recipe, str(state))
    fresh = state is None and not (folder / "recipe.toml").exists()
    keep_memory()
    ranks = parallel.start(recipe.train.parallel)
    try:
        ranks.wait()  # every rank has looked at the folder before one of them writes to it
        if ranks.main:
            write_atomic(folder / "recipe.toml", recipes.dump(recipe))  # marks the folder as used
        with journal(folder) if ranks.main else nullcontext():
            return _run(task_class(recipe), folder, ranks, raw, state, changed, accept_changes, quiet, fresh)
    finally:
        parallel.stop()


def _run(
    task: Task,
    folder: Path,
    ranks: parallel.Parallel,
    raw: dict[str, Any],
    state: Path | None,
    changed: list[str],
    accept_changes: bool,
    quiet: bool,
    fresh: bool,
) -> dict[str, Any]:
    """Prepare, train, sum up.

    state: to go on from; changed: keys in which the recipe differs from that state's. fresh: no run had the folder.
    """
    began = time.perf_counter()
    command = _resume_command(raw, ranks.world)
    trainer = None
    try:
        task.prepare(ranks, visible=not quiet and ranks.main)
        if state is not None and not accept_changes:
            learnt_from = checkpoint.facts(state)["task"]["data_hash"]
            if learnt_from != task.state_dict()["data_hash"]:
                raise UsageError(t("training.data_changed"))
        resolved = task.recipe.model_dump(mode="json", exclude_none=True)
        memory = {"recipe": raw, "resolved": resolved, "resume_command": command}
        trainer = Trainer(task, folder, ranks, origin=memory, visible=not quiet)
        if hasattr(task, "before"):  # it goes on from weights that were trained already
            task.before = memory["before"] = checkpoint.facts(state)["before"] if state else _measure_start(trainer)
        prepared = time.perf_counter() - began
        if ranks.main:
            write_atomic(folder / "recipe.toml", recipes.dump(task.recipe))
            write_atomic(folder / "data.json", json.dumps(task.data_report(), ensure_ascii=False, indent=1))
            for name in ("summary.json", "report.html"):  # of where the run stood: they must not outlive a kill
                (folder / name).unlink(missing_ok=True)
        metrics = trainer.run(state, keep_budget=not changed)
    except Stopped as stopped:
        text = str(stopped)
        if ranks.main:
            try:
                write_report(folder)
            except Exception as error:  # the person asked to stop and is told so, whatever becomes of the report
                text = t("training.stopped_no_report", stopped=text, reason=one_line(error))
        if command:
            text = t("training.stopped_go_on", stopped=text, command=command)
        raise Stopped(text) from stopped
    except ZaohuaError:
        if fresh and ranks.main and (trainer is None or trainer.step == 0):
            (folder / "recipe.toml").unlink()  # nothing was made: a corrected recipe may have the folder
        raise
    weights = trainer.final_weights()
    if not ranks.main:
        return {}
    summary = _summary(task, trainer, metrics, weights, prepared)
    write_atomic(folder / "summary.json", json.dumps(summary, ensure_ascii=False, indent=1))
    write_film(folder, model=task.recipe.run.dir)
    write_report(folder)
    return summary


def _measure_start(trainer: Trainer) -> dict[str, float]:
    """The evaluation of the weights a run begins with; samples of them too, as those of step 0."""
    weights = trainer.weights()
    if trainer.parallel.main:
        trainer.outputs.sample(0, weights)
    return trainer.evaluate()


def train_recipe(source: str | Path, *overrides: str, **options: Any) -> dict[str, Any]:
    """Train a recipe by its name or path: train_recipe("language/novel-zh", "train.steps=100"); options as in train."""
    raw = recipes.load_recipe(source, overrides)
    return train(raw, **options)


def _resume_command(raw: dict[str, Any], world: int) -> str:
    """What to type to go on with this run of `world` processes; nothing for a recipe that was not read from a file."""
    arguments = getattr(raw, "arguments", ())
    launch = ["torchrun", f"--nproc-per-node={world}", "-m"] if world > 1 else []
    return shlex.join([*launch, "zaohua", "train", *arguments, "--resume"]) if arguments else ""


def _state_to_resume(folder: Path, resume: bool, quiet: bool) -> Path | None:
    """The newest state if --resume asks for it; refuses a used folder otherwise."""
    if not resume:
        if (folder / "recipe.toml").exists() or (folder / "state").exists():
            raise UsageError(t("training.folder_used", folder=folder))
        return None
    state = checkpoint.latest(folder / "state")
    if state is None:
        say(t("training.nothing_to_resume", folder=folder), quiet)
    return state


def _summary(
    task: Task, trainer: Trainer, metrics: dict[str, Any], weights: Weights, prepared: float
) -> dict[str, Any]:
    """The numbers of a finished run."""
    return {
        "task": task.recipe.task,
        "metrics": metrics,
        **task.summary(weights),
        "cost": trainer.cost() | {"prepare_seconds": round(prepared, 2)},
        "machine": describe_machine(),
    }


def describe(raw: dict[str, Any], *, origin: str = "") -> dict[str, Any]:
    """What a recipe would cost, without touching its data.

    Returns the resolved recipe (TOML), parameters, vocab_size (where there is a vocabulary), memory_bytes,
    flops_per_step, units_per_step, steps (None if a calibration will decide), at_most (names of those numbers that the
    data may lower), flops and seconds in all on this machine as it usually fares (see TYPICAL_SHARE).
    """
    task_class = load_task(raw.get("task"))
    recipe = recipes.validate(raw, task_class.Recipe, origin)
    plan = task_class(recipe).plan()
    ranks = parallel.here()
    peak = peak_flops(ranks, precision.choose(recipe.train, ranks).name)
    if plan["steps"] is None:
        seconds = 60 * plan["minutes"]
        flops = seconds * TYPICAL_SHARE * peak
    else:
        flops = plan["flops_per_step"] * plan["steps"]
        seconds = flops / (TYPICAL_SHARE * peak)
    return plan | {"flops": flops, "seconds": seconds}
