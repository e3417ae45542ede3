"""How good recordings sound after a vocoder, how near they come to themselves, and how fast that is.

    python benchmarks/vocoder.py zip:speech.zip --minutes 110 --seeds 1 --results benchmarks/RESULTS.md

Every seed is trained for the same minutes (or --steps) and copies recordings that were held back from it; beside it
stand the model's own first guess, Griffin and Lim's method with more rounds, and the recordings themselves. A run in
--runs that was finished before is not repeated and one that was stopped goes on, so the script may be stopped and
started again. Without --results the table goes to the terminal.
"""

import argparse
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import torch
from seeded_runs import cell, command, conditions, options, publish, trained

from zaohua import hub

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
    summary = trained("gan/vocoder", folder, seed, f"data.source={given.speech}", budget, given=given)
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
        f"{conditions(given)}",
        "",
        f"| | {' | '.join(MEASURES.values())} |",
        "|---" * (len(MEASURES) + 1) + "|",
    ]
    for name, baseline in ROWS.items():
        scores = [one["metrics"] if baseline is None else one["baselines"][baseline] for one in found]
        cells = [cell([score[measure] for score in scores if measure in score]) for measure in MEASURES]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    budget = f"--steps {given.steps}" if given.steps else f"--minutes {given.minutes:g}"
    return "\n".join([*lines, "", command(f"vocoder.py SPEECH {budget}", given), ""])


def main() -> None:
    parser = options(__doc__, "runs/vocoder-benchmark")
    parser.add_argument("speech", help="folder:PATH or zip:PATH")
    parser.add_argument("--minutes", type=float, default=110.0)
    parser.add_argument("--steps", type=int, help="instead of minutes, for the same run on any machine")
    given = parser.parse_args()
    publish(table([measured(seed, given) for seed in given.seeds], given), given)


if __name__ == "__main__":
    main()
