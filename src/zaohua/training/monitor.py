"""What a run says while it runs: metrics.jsonl, TensorBoard, a progress bar."""

import json
import logging
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from zaohua.files import write_atomic
from zaohua.i18n import t

TIME_FIELDS = frozenset({"seconds", "mfu", "units_per_second"})  # differ between a resumed run and an unbroken one


_journal = logging.getLogger("zaohua.run")
_journal.propagate = False  # people see these lines on the console, not through logging


def say(text: str, quiet: bool = False) -> None:
    """One line for people, on the error stream (standard output is for results), and in the run's log.txt."""
    _journal.info(text)
    if not quiet:
        Console(stderr=True).print(text, highlight=False, markup=False)


class _JournalFile(logging.FileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  (logging's name)
        raise  # logging itself would print a traceback and go on; a full disk is one line, told where the run ends


@contextmanager
def journal(folder: Path) -> Iterator[None]:
    """Within the block, what is said is also appended to log.txt."""
    handler = _JournalFile(folder / "log.txt", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    _journal.addHandler(handler)
    _journal.setLevel(logging.INFO)
    try:
        yield
    finally:
        _journal.removeHandler(handler)
        with suppress(OSError):  # lines that could not be written have been told of already
            handler.close()


class MetricsLog:
    """metrics.jsonl and its TensorBoard copy. One JSON object a line: step, kind, numbers."""

    def __init__(self, folder: Path, *, after_step: int, tensorboard: bool) -> None:
        """Go on after `after_step`: later lines, written before a crash, are dropped because they will come again."""
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "metrics.jsonl"
        if self._path.exists():
            kept = [line for line in self._path.read_text(encoding="utf-8").splitlines() if _step(line) <= after_step]
            write_atomic(self._path, "".join(line + "\n" for line in kept))
        self._file = self._path.open("a", encoding="utf-8")
        self._writer = None
        if tensorboard:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(folder / "tensorboard"), purge_step=after_step + 1)

    def write(self, step: int, kind: str, numbers: Mapping[str, Any]) -> None:
        """Append one line."""
        self._file.write(json.dumps({"step": step, "kind": kind, **numbers}) + "\n")
        self._file.flush()
        if self._writer is not None:
            for name, value in numbers.items():
                if isinstance(value, int | float):
                    self._writer.add_scalar(f"{kind}/{name}", value, step)

    def close(self) -> None:
        """Finish both files."""
        self._file.close()
        if self._writer is not None:
            self._writer.close()


def _step(line: str) -> int:
    """A line's step; a line cut short by a crash counts as later than everything."""
    try:
        return json.loads(line)["step"]
    except (ValueError, KeyError, TypeError):
        return sys.maxsize


def watched(numbers: dict[str, float]) -> str:
    """The numbers people watch, short."""
    shown = []
    for name, value in numbers.items():
        if name.startswith("loss") or name in ("perplexity", "bits_per_byte", "fd", "perceptual"):
            shown.append(f"{name} {value:.4g}")
        elif name.endswith("_per_second"):
            shown.append(f"{value:,.0f} {name.removesuffix('_per_second')}/s")
        elif name == "mfu":
            shown.append(t("training.share_of_peak", percent=f"{100 * value:.0f}"))
    return " · ".join(shown)


class ProgressBar:
    """Numbers and time left: a live bar on a terminal, a line now and then elsewhere."""

    def __init__(self, total: int, done: int, *, visible: bool) -> None:
        self._visible, self._total = visible, total
        self._console = Console(stderr=True)
        self._live = visible and self._console.is_terminal
        self._began = self._spoke = time.perf_counter()
        self._start = done
        if self._live:
            self._progress = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[numbers]}"),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=self._console,
            )
            self._task = self._progress.add_task(t("training.training"), total=total, completed=done, numbers="")
            self._progress.start()

    def update(self, step: int, numbers: str) -> None:
        """Show the numbers after `step` steps."""
        now = time.perf_counter()
        if self._live:
            self._progress.update(self._task, completed=step, numbers=numbers)
        elif self._visible and (now - self._spoke > 15 or step == self._total):
            self._spoke = now
            left = (now - self._began) / max(1, step - self._start) * (self._total - step)
            self.say(t("training.progress_line", step=step, total=self._total, numbers=numbers, left=f"{left:.0f}"))

    def say(self, text: str) -> None:
        """Print a line above the bar, and keep it in log.txt."""
        _journal.info(text)
        if self._visible:
            (self._progress.console if self._live else self._console).print(text, highlight=False, markup=False)

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._live:
            self._progress.stop()
