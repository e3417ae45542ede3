"""Do generated clips look right, and do they move right? Beside real clips that were held back, and beside these with
their frames in disorder or without motion, which every measure of the motion must find far worse.

    python benchmarks/clips.py gan/moving-digits --steps 1500 --results benchmarks/RESULTS.md
    python benchmarks/clips.py gan/actions --minutes 30 --set data.source=zip:a.zip data.validation_source=zip:b.zip

One run a seed, one after the other. A run in --runs that was finished before is not repeated and one that was stopped
goes on, so the script may be stopped and started again. Without --results the table goes to the terminal.
"""

import argparse
import platform
import statistics
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import torch

from zaohua.gan.video.evaluation import summed_up
from zaohua.training.run import train_recipe

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


def trained(seed: int, given: argparse.Namespace) -> dict[str, Any]:
    """The summary of one run, made now or before."""
    folder = given.runs / f"{Path(given.recipe).stem}-{seed}"
    budget = [f"train.steps={given.steps}", "train.minutes="] if given.steps else [f"train.minutes={given.minutes:g}"]
    settings = [f"train.seed={seed}", f"run.dir={folder}", *budget, *given.set]
    return train_recipe(given.recipe, *settings, resume=(folder / "state").is_dir())


def table(runs: Sequence[Mapping[str, Any]], given: argparse.Namespace) -> str:
    """As a section of RESULTS.md."""
    found, scores, motion = [summed_up(dict(run)) for run in runs], runs[0]["scores"], runs[0]["motion"]
    minutes = _cell([run["cost"]["train_seconds"] / 60 for run in runs])
    lines = [
        f"## Clips from noise, `{given.recipe}` — {date.today()}",
        "",
        f"{minutes} minutes of training, {_cell([run['cost']['steps'] for run in runs])} steps, "
        f"{_cell([run['cost']['clips'] for run in runs])} clips seen, on {torch.get_num_threads()} thread(s) of a busy "
        f"machine; {scores['count'] // 2:,} clips of each kind, two frames of each. Frames: {scores['extractor']}; "
        f"motion: {motion['extractor']}, which needs no training and does not tell forwards from backwards. Told from "
        "real: held-out accuracy of a fresh classifier of four frames of a clip; 0.5 is indistinguishable. Seeds "
        f"{', '.join(map(str, given.seeds))}: median (range). Python {platform.python_version()}, torch "
        f"{torch.__version__}.",
        "",
        f"| | {' | '.join(COLUMNS.values())} |",
        "|---" * (len(COLUMNS) + 1) + "|",
        f"| generated | {' | '.join(_cell([run['metrics'].get(name) for run in found]) for name in COLUMNS)} |",
    ]
    for rival, words in RIVALS.items():
        values = [[run["baselines"][rival].get(name) for run in found] for name in COLUMNS]
        lines.append(f"| {words} | {' | '.join(map(_cell, values))} |")
    budget = f"--steps {given.steps}" if given.steps else f"--minutes {given.minutes:g}"
    wishes = " ".join(["", "--set", *given.set]) if given.set else ""
    seeds = " ".join(map(str, given.seeds))
    return "\n".join(
        [*lines, "", f"    python benchmarks/clips.py {given.recipe} {budget} --seeds {seeds}{wishes}", ""]
    )


def _cell(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return "–"
    middle = _short(statistics.median(known))
    return middle if len(known) == 1 else f"{middle} ({_short(min(known))}–{_short(max(known))})"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe")
    parser.add_argument("--steps", type=int, default=0, help="in place of minutes")
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument(
        "--set", nargs="+", default=[], help="settings of the recipe, such as data.source=zip:clips.zip"
    )
    parser.add_argument("--runs", type=Path, default=Path("runs/clips"))
    parser.add_argument("--results", type=Path)
    given = parser.parse_args()
    text = table([trained(seed, given) for seed in given.seeds], given)
    if given.results is None:
        print(text)
        return
    before = given.results.read_text(encoding="utf-8").rstrip("\n")
    given.results.write_text(f"{before}\n\n{text}", encoding="utf-8")


if __name__ == "__main__":
    main()
