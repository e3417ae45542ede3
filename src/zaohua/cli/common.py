"""What the verbs share: the options every verb has, and how results are printed."""

import json as json_format
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zaohua.i18n import t

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

# Help texts are catalogue keys; zaohua.cli.verbs puts the words of the chosen language in their place.
Json = Annotated[bool, typer.Option("--json", help="cli.json_help")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="cli.quiet_help")]
# and those of the verbs that run a recipe
Settings = Annotated[list[str] | None, typer.Argument(help="cli.settings_help", metavar="[KEY=VALUE]...")]
Resume = Annotated[bool, typer.Option("--resume", help="cli.resume_help")]
AcceptChanges = Annotated[bool, typer.Option("--accept-changes", help="cli.accept_changes_help")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="cli.dry_run_help")]


def print_json(value: object) -> None:
    """One JSON document on standard output; numbers JSON does not know (NaN, infinities) become null."""
    print(json_format.dumps(_finite(value), ensure_ascii=False, indent=1, default=str))


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def make_way(*, quiet: bool) -> None:
    """Before torch is loaded: let threads sleep where other programs are busy (zaohua.machine.make_way), and say so."""
    from zaohua import machine

    if machine.make_way() and not quiet:
        console().print(t("cli.busy_machine"))


def console() -> "Console":
    """Where results for people go: standard output, without guessing at markup or numbers in them."""
    from rich.console import Console

    return Console(highlight=False, markup=False, soft_wrap=True)


def table(title: str, *columns: str) -> "Table":
    """A table in the house's look: the first column names things, the others hold numbers."""
    from rich import box
    from rich.table import Table

    made = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, show_header=any(columns))
    for index, column in enumerate(columns):
        made.add_column(column, justify="right" if index and len(columns) > 2 else "left", overflow="fold")
    return made
