"""Progress on the terminal, for what may take a moment."""

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_PATIENCE, _PAUSE = 1.0, 0.1  # seconds before a bar is shown, and between two looks at it
T = TypeVar("T")


def counters(*, visible: bool) -> Progress:
    """A display of lines with a bar each, how many of how many, and the time left; it goes when all is done, and shows
    nothing where no terminal is."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not (visible and console.is_terminal))


def tracked(items: Iterable[T], total: int, title: str, *, visible: bool) -> Iterator[T]:
    """The same items, with a bar after a second that tells how many of them have come."""
    due = time.monotonic() + _PATIENCE
    with counters(visible=visible) as shown:
        bar = shown.add_task(title, total=total, visible=False)
        for number, item in enumerate(items, 1):
            yield item
            if (now := time.monotonic()) > due:
                shown.update(bar, completed=number, visible=True)
                due = now + _PAUSE
