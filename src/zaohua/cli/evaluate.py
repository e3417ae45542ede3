"""zaohua evaluate: a model's metrics beside those of its baselines."""

from typing import Annotated

import typer

from zaohua.cli.common import Json, console, print_json


def evaluate(
    model: Annotated[str, typer.Argument(help="cli.model_help")],
    data: Annotated[str | None, typer.Option("--data", help="cli.evaluate_data_help", metavar="SOURCE")] = None,
    json: Json = False,
) -> None:
    from zaohua import hub
    from zaohua.cli.results import results_table

    result = hub.evaluate(model, data)
    if json:
        print_json(result)
    else:
        console().print(results_table(result["metrics"], result.get("baselines", {})))
