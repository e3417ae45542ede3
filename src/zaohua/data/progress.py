"""A progress bar for what may take a moment: it appears after a second, goes when all is done, and needs a terminal."""

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_PATIENCE = 1.0  # seconds
T = TypeVar("T")


def tracked(items: Iterable[T], total: int, title: str, *, visible: bool) -> Iterator[T]:
    """The same items, with a bar that tells how many of them have come."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    began = time.monotonic()
    with Progress(*columns, console=console, transient=True, disable=not (visible and console.is_terminal)) as shown:
        bar = shown.add_task(title, total=total, visible=False)
        for number, item in enumerate(items, 1):
            yield item
            if time.monotonic() - began > _PATIENCE:
                shown.update(bar, completed=number, visible=True)
