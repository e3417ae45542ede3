"""zaohua evaluate: a model's metrics beside those of its baselines."""

from typing import Annotated

import typer

from zaohua.cli.common import Json, console, print_json
from zaohua.errors import UsageError
from zaohua.i18n import t


def evaluate(
    model: Annotated[str, typer.Argument(help="cli.model_help")],
    data: Annotated[str | None, typer.Option("--data", help="cli.evaluate_data_help", metavar="SOURCE")] = None,
    column: Annotated[str | None, typer.Option("--column", help="cli.evaluate_column_help")] = None,
    json: Json = False,
) -> None:
    if column is not None and data is None:
        raise UsageError(t("cli.column_without_data"))
    from zaohua import hub
    from zaohua.cli.results import results_table

    result = hub.evaluate(model, data, column)
    if json:
        print_json(result)
    else:
        console().print(results_table(result["metrics"], result.get("baselines", {})))
