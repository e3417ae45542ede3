"""Do generated clips look right, and do they move right? Beside real clips that were held back, and beside these with
their frames in disorder or without motion, which every measure of the motion must find far worse.

    python benchmarks/clips.py gan/moving-digits --steps 1500 --results benchmarks/RESULTS.md
    python benchmarks/clips.py gan/actions --minutes 30 --set data.source=zip:a.zip data.validation_source=zip:b.zip

One run a seed, one after the other. A run in --runs that was finished before is not repeated and one that was stopped
goes on, so the script may be stopped and started again. Without --results the table goes to the terminal.
"""

import argparse
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import torch
from seeded_runs import cell, command, conditions, options, publish, trained

from zaohua.gan.video.evaluation import summed_up

COLUMNS = {
    "fd_frames": "FD, frames",
    "fd_motion": "FD, motion",
    "change": "change from frame to frame",
    "steady": "likeness of first and last frame",
    "precision": "precision",
    "recall": "recall",
    "realism": "told from real",
}
RIVALS = {"floor": "real clips held back", "shuffled": "these, frames in disorder", "still": "these, without motion"}


def of_seed(seed: int, given: argparse.Namespace) -> dict[str, Any]:
    """The summary of one run, made now or before."""
    folder = given.runs / f"{Path(given.recipe).stem}-{seed}"
    budget = [f"train.steps={given.steps}", "train.minutes="] if given.steps else [f"train.minutes={given.minutes:g}"]
    return trained(given.recipe, folder, seed, *budget, given=given)


def table(runs: Sequence[Mapping[str, Any]], given: argparse.Namespace) -> str:
    """As a section of RESULTS.md."""
    found, scores, motion = [summed_up(dict(run)) for run in runs], runs[0]["scores"], runs[0]["motion"]
    minutes = cell([run["cost"]["train_seconds"] / 60 for run in runs])
    lines = [
        f"## Clips from noise, `{given.recipe}` — {date.today()}",
        "",
        f"{minutes} minutes of training, {cell([run['cost']['steps'] for run in runs])} steps, "
        f"{cell([run['cost']['clips'] for run in runs])} clips seen, on {torch.get_num_threads()} thread(s) of a busy "
        f"machine; {scores['count'] // 2:,} clips of each kind, two frames of each. Frames: {scores['extractor']}; "
        f"motion: {motion['extractor']}, which needs no training and does not tell forwards from backwards. Told from "
        "real: held-out accuracy of a fresh classifier of four frames of a clip; 0.5 is indistinguishable. "
        f"{conditions(given)}",
        "",
        f"| | {' | '.join(COLUMNS.values())} |",
        "|---" * (len(COLUMNS) + 1) + "|",
        f"| generated | {' | '.join(cell([run['metrics'].get(name) for run in found]) for name in COLUMNS)} |",
    ]
    for rival, words in RIVALS.items():
        values = [[run["baselines"][rival].get(name) for run in found] for name in COLUMNS]
        lines.append(f"| {words} | {' | '.join(map(cell, values))} |")
    budget = f"--steps {given.steps}" if given.steps else f"--minutes {given.minutes:g}"
    return "\n".join([*lines, "", command(f"clips.py {given.recipe} {budget}", given), ""])


def main() -> None:
    parser = options(__doc__, "runs/clips")
    parser.add_argument("recipe")
    parser.add_argument("--steps", type=int, default=0, help="in place of minutes")
    parser.add_argument("--minutes", type=float, default=12)
    given = parser.parse_args()
    publish(table([of_seed(seed, given) for seed in given.seeds], given), given)


if __name__ == "__main__":
    main()
