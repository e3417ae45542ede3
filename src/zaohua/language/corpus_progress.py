"""Progress bars for the stages of preparing a corpus: how far, how fast, how long still."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from zaohua.i18n import t

OnProgress = Callable[[str, int, int | None], None]  # stage, bytes done, bytes in all if known


def silent(stage: str, done: int, total: int | None) -> None:
    """Show nothing."""


@contextmanager
def bars() -> Iterator[OnProgress]:
    """Within the block, one line per stage on the terminal; nothing where the error stream is no terminal."""
    console = Console(stderr=True)
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    stages: dict[str, TaskID] = {}
    with Progress(
        TextColumn("{task.description}"), *columns, console=console, disable=not console.is_terminal
    ) as shown:

        def update(stage: str, done: int, total: int | None) -> None:
            if stage not in stages:
                stages[stage] = shown.add_task(t(f"corpus.stage_{stage}"), total=None)
            shown.update(stages[stage], completed=done, total=total)

        yield update
