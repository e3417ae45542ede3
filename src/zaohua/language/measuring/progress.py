"""How far measuring has come, on the terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import TaskID

from zaohua.data.progress import counters
from zaohua.i18n import t
from zaohua.language.measuring.quality import OnStage


@contextmanager
def bars(*, visible: bool = True) -> Iterator[OnStage]:
    """Within the block, one line per stage, which goes when all is done; nothing where no terminal is."""
    stages: dict[str, TaskID] = {}
    with counters(visible=visible) as shown:

        def update(stage: str, done: int, total: int) -> None:
            if stage not in stages:
                stages[stage] = shown.add_task(t(f"measure.stage_{stage}"), total=total)
            shown.update(stages[stage], completed=done, total=total)

        yield update
