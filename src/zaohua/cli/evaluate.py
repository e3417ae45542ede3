"""zaohua evaluate: a model's metrics beside those of its baselines, and what it writes beside real text."""

from typing import Annotated, Any

import typer

from zaohua.cli.common import Json, console, print_json
from zaohua.errors import UsageError
from zaohua.i18n import t

_MOST_SAMPLES = 4096


def evaluate(
    model: Annotated[str, typer.Argument(help="cli.model_help")],
    data: Annotated[str | None, typer.Option("--data", help="cli.evaluate_data_help", metavar="SOURCE")] = None,
    column: Annotated[str | None, typer.Option("--column", help="cli.evaluate_column_help")] = None,
    stride: Annotated[int | None, typer.Option("--stride", help="measure.help_stride", metavar="N")] = None,
    samples: Annotated[int | None, typer.Option("--samples", help="measure.help_samples", metavar="N")] = None,
    form: Annotated[str | None, typer.Option("--form", help="measure.help_form", metavar="FORM")] = None,
    judge: Annotated[str | None, typer.Option("--judge", help="measure.help_judge", metavar="MODEL")] = None,
    lm_eval: Annotated[str | None, typer.Option("--lm-eval", help="measure.help_lm_eval", metavar="TASKS")] = None,
    limit: Annotated[int | None, typer.Option("--limit", help="measure.help_limit", metavar="N", min=1)] = None,
    weights: Annotated[str | None, typer.Option("--weights", help="engine.help_weights", metavar="full|int8")] = None,
    features: Annotated[str | None, typer.Option("--features", help="gan.help_features", metavar="JUDGE")] = None,
    beside: Annotated[str | None, typer.Option("--beside", help="translate.help_beside", metavar="MODEL")] = None,
    json: Json = False,
) -> None:
    if column is not None and data is None:
        raise UsageError(t("cli.column_without_data"))
    if lm_eval is not None:
        given = {"--data": data, "--stride": stride, "--samples": samples, "--form": form, "--judge": judge}
        given |= {"--weights": weights, "--beside": beside, "--features": features}
        _run_tasks(model, lm_eval, limit, json, given)
        return
    if limit is not None:
        raise UsageError(t("measure.limit_without_tasks"))
    _check(samples, form, judge)
    from zaohua import hub
    from zaohua.cli.results import account_tables, quality_table, results_table, scores_table, sliding_table

    options = {
        "stride": stride,
        "samples": samples,
        "form": form,
        "judge": judge and _open_decoder(judge, "measure.judge_cannot_read"),
        "weights": weights,
        "beside": beside,
        "features": features,
    }
    chosen = {name: value for name, value in options.items() if value is not None}
    result = hub.evaluate(model, data, column, **chosen)
    if json:
        print_json(result)
        return
    out = console()
    if "scores" in result:
        out.print(scores_table(result))
        return
    if "subsets" in result:
        for made in account_tables(result):
            out.print(made)
        return
    out.print(results_table(result["metrics"], result.get("baselines", {})))
    if "sliding" in result:
        out.print(sliding_table(result["sliding"]))
    if "int8" in result:
        bits, delta = result["int8"]["bits_per_byte"], result["int8"]["delta_bits_per_byte"]
        out.print(t("engine.int8_result", bits=f"{bits:.4f}", delta=f"{delta:+.4f}"))
    if "quality" in result:
        out.print(quality_table(result["quality"]))
        for line in (t("measure.floor_note"), *result["quality"]["notes"]):
            out.print(line, style="dim")


def _check(samples: int | None, form: str | None, judge: str | None) -> None:
    if samples is not None and not 0 <= samples <= _MOST_SAMPLES:
        raise UsageError(t("measure.samples_out_of_range", most=_MOST_SAMPLES, value=samples))
    for option, value in (("--form", form), ("--judge", judge)):
        if value is not None and samples == 0:
            raise UsageError(t("measure.needs_samples", option=option))


def _open_decoder(name: str, otherwise: str) -> Any:
    """A model that continues text; UsageError with the message `otherwise` for any other."""
    from zaohua import hub
    from zaohua.language.model import LanguageModel

    opened = hub.load(name)
    if not isinstance(opened, LanguageModel):
        raise UsageError(t(otherwise, path=name))
    return opened


def _run_tasks(model: str, tasks: str, limit: int | None, json: bool, others: dict[str, Any]) -> None:
    """Run lm-eval's tasks, which bring their own data."""
    for option, value in others.items():
        if value is not None:
            raise UsageError(t("measure.lm_eval_alone", option=option))
    from zaohua.cli.results import tasks_table
    from zaohua.language.lm_eval import run_tasks

    opened = _open_decoder(model, "measure.lm_eval_needs_decoder")
    found = run_tasks(opened, [name for name in tasks.split(",") if name], limit=limit)
    if json:
        print_json(found)
    else:
        console().print(tasks_table(found))
