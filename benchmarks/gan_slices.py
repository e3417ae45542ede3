"""Training runs of the adversarial benchmarks in slices of minutes: each goes on where the one before stopped; and what
their scripts share, verbs and tables."""

import argparse
import os
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime
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


def parsers(
    about: str, train: Callable[[argparse.Namespace], None], table: Callable[[argparse.Namespace], None]
) -> tuple[argparse.ArgumentParser, argparse.ArgumentParser]:
    """A command line with the verbs train and table, and the parser of train, for a script to add its own options."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True)
    training = verbs.add_parser("train")
    training.add_argument("--seed", type=int, default=1)
    training.add_argument("--minutes", type=float, default=12)
    training.add_argument("--precision", choices=("auto", "bf16"), default="auto")
    training.set_defaults(run=train)
    showing = verbs.add_parser("table")
    showing.add_argument("runs", type=Path)
    showing.add_argument("--append", type=Path)
    showing.set_defaults(run=table)
    return parser, training


def show(heading: str, head: list[str], rows: list[list[str]], target: Path | None) -> None:
    """A table on the terminal, and at the end of a Markdown file if one is named."""
    print("\n".join(" | ".join(row) for row in (head, *rows)))
    if target:
        append(target, f"{heading} — {datetime.now(UTC):%Y-%m-%d}", head, rows)


def append(table: Path, heading: str, head: list[str], rows: list[list[str]]) -> None:
    """A table under its heading at the end of a Markdown file."""
    lines = ["", f"## {heading}", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    with table.open("a", encoding="utf-8") as stream:
        stream.write("\n".join(lines) + "\n")
