"""How good recordings sound after a vocoder, how near they come to themselves, and how fast that is.

    python benchmarks/vocoder.py zip:speech.zip --minutes 110 --seeds 1 --results benchmarks/RESULTS.md

Every seed is trained for the same minutes (or --steps) and copies recordings that were held back from it; beside it
stand the model's own first guess, Griffin and Lim's method with more rounds, and the recordings themselves. A run in
--runs that was finished before is not repeated and one that was stopped goes on, so the script may be stopped and
started again. Without --results the table goes to the terminal.
"""

import argparse
import platform
import statistics
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import torch

from zaohua import hub
from zaohua.training.run import train_recipe

MEASURES = {
    "dnsmos_overall": "DNSMOS, overall",
    "dnsmos_signal": "voice",
    "dnsmos_background": "background",
    "fd": "Fréchet distance of spectra",
    "mel_distance": "log-mel distance, nats",
    "stft_distance": "STFT distance",
    "times_real_time": "× real time",
}
ROWS = {"recordings": "real", "Griffin–Lim, 32 rounds": "griffin_lim", "first guess": "first_guess", "vocoder": None}


def measured(seed: int, given: argparse.Namespace) -> dict[str, Any]:
    """What zaohua evaluate says of one run, made now or before; with the run's summary."""
    folder = given.runs / f"vocoder-{seed}"
    budget = f"train.steps={given.steps}" if given.steps else f"train.minutes={given.minutes}"
    settings = [f"data.source={given.speech}", f"train.seed={seed}", f"run.dir={folder}", budget, *given.set]
    summary = train_recipe("gan/vocoder", *settings, resume=(folder / "state").is_dir())
    return hub.evaluate(folder) | {"cost": summary["cost"]}


def table(found: Sequence[Mapping[str, Any]], given: argparse.Namespace) -> str:
    """As a section of RESULTS.md."""
    first = found[0]
    minutes = first["cost"]["train_seconds"] / 60
    lines = [
        f"## Vocoder, copies of recordings — {date.today()}",
        "",
        f"`gan/vocoder` on {torch.get_num_threads()} thread(s), {first['cost']['steps']:,} steps in {minutes:.0f} "
        f"minutes; {first['clips']} recordings held back, {first['seconds']} s. Judge: {first.get('judge', 'none')}. "
        f"Seeds {', '.join(map(str, given.seeds))}: median (range). "
        f"Python {platform.python_version()}, torch {torch.__version__}.",
        "",
        f"| | {' | '.join(MEASURES.values())} |",
        "|---" * (len(MEASURES) + 1) + "|",
    ]
    for name, baseline in ROWS.items():
        scores = [one["metrics"] if baseline is None else one["baselines"][baseline] for one in found]
        cells = [_cell([score[measure] for score in scores if measure in score]) for measure in MEASURES]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    budget = f"--steps {given.steps}" if given.steps else f"--minutes {given.minutes:g}"
    wishes = " ".join(["", "--set", *given.set]) if given.set else ""
    seeds = " ".join(map(str, given.seeds))
    return "\n".join([*lines, "", f"    python benchmarks/vocoder.py SPEECH {budget} --seeds {seeds}{wishes}", ""])


def _cell(values: Sequence[float]) -> str:
    if not values:
        return "–"
    middle = f"{statistics.median(values):.3g}"
    return middle if len(values) == 1 else f"{middle} ({min(values):.3g}–{max(values):.3g})"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("speech", help="folder:PATH or zip:PATH")
    options.add_argument("--minutes", type=float, default=110.0)
    options.add_argument("--steps", type=int, help="instead of minutes, for the same run on any machine")
    options.add_argument("--seeds", type=int, nargs="+", default=[1])
    options.add_argument("--runs", type=Path, default=Path("runs/vocoder-benchmark"))
    options.add_argument("--set", nargs="*", default=[], help="settings of the recipe, KEY=VALUE")
    options.add_argument("--results", type=Path)
    given = options.parse_args()
    section = table([measured(seed, given) for seed in given.seeds], given)
    if given.results is None:
        print(section)
        return
    before = given.results.read_text(encoding="utf-8").rstrip("\n")
    given.results.write_text(f"{before}\n\n{section}", encoding="utf-8")


if __name__ == "__main__":
    main()
