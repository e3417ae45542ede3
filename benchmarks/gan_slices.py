"""Training runs of the adversarial benchmarks in slices of minutes: each goes on where the one before stopped."""

import os
import signal
import threading
from pathlib import Path

from zaohua.gan.task import AdversarialTask
from zaohua.machine import keep_memory
from zaohua.training import checkpoint, parallel
from zaohua.training.signals import Stopped
from zaohua.training.trainer import Trainer


def run_slice(task: AdversarialTask, folder: Path, minutes: float) -> Trainer | None:
    """Train for so many minutes at most, from the newest state in folder; the trainer if the run is at its end."""
    keep_memory()  # as `zaohua train` does
    ranks = parallel.start("auto")
    folder.mkdir(parents=True, exist_ok=True)
    task.prepare(ranks, visible=False)
    trainer = Trainer(task, folder, ranks)
    clock = threading.Timer(60 * minutes, os.kill, (os.getpid(), signal.SIGTERM))
    clock.start()
    try:
        trainer.run(checkpoint.latest(folder / "state"))
    except Stopped:
        return None
    finally:
        clock.cancel()
    return trainer


def append(table: Path, heading: str, head: list[str], rows: list[list[str]]) -> None:
    """A table under its heading at the end of a Markdown file."""
    lines = ["", f"## {heading}", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    with table.open("a", encoding="utf-8") as stream:
        stream.write("\n".join(lines) + "\n")
