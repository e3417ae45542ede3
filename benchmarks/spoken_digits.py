"""Do generated digits say what they should? PocketSphinx listens to them, and to real recordings that were held back.

    python benchmarks/spoken_digits.py zip:recordings.zip --minutes 55 --results benchmarks/RESULTS.md

Both forms of sound, spectra and waves, or those in --forms, learn for the same minutes (or --sounds seen) from the same
recordings, one run after the other. A run in --runs that was finished before is not repeated and one that was stopped
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

from zaohua.training.run import train_recipe

FORMS = {"spectrum": "log-mel spectra, Griffin–Lim", "wave": "waves"}
COLUMNS = ("understood", "÷ real", "FD", "precision", "recall", "copies", "told from real", "sounds seen")


def trained(form: str, seed: int, given: argparse.Namespace) -> dict[str, Any]:
    """The summary of one run, made now or before."""
    folder = given.runs / f"{form}-{seed}"
    budget = [f"train.sounds={given.sounds}", "train.minutes="] if given.sounds else [f"train.minutes={given.minutes}"]
    settings = [f"data.source={given.recordings}", f"model.form={form}", f"train.seed={seed}", f"run.dir={folder}"]
    settings += [*budget, "measure.speech=true", *given.set]
    return train_recipe("gan/digits-spoken", *settings, resume=(folder / "state").is_dir())


def table(found: Mapping[str, Sequence[Mapping[str, Any]]], given: argparse.Namespace) -> str:
    """As a section of RESULTS.md."""
    first = next(iter(found.values()))[0]
    lines = [
        f"## Spoken digits from noise — {date.today()}",
        "",
        f"`gan/digits-spoken` on {torch.get_num_threads()} thread(s); {first['samples']:,} sounds made, the classes in "
        f"turn. Judge: {first['speech']['judge']} with a grammar of the ten words. FD({first['scores']['extractor']}); "
        "copies: as near to a recording trained on as only 1% of others are; told from real: held-out accuracy of a "
        "fresh classifier. Seeds "
        f"{', '.join(map(str, given.seeds))}: median (range). Python {platform.python_version()}, torch "
        f"{torch.__version__}.",
        "",
        f"| | {' | '.join(COLUMNS)} | minutes |",
        "|---" * (len(COLUMNS) + 2) + "|",
    ]
    for form, runs in found.items():
        cells = [_cell([_values(run)[column] for run in runs]) for column in COLUMNS]
        minutes = _cell([run["cost"]["train_seconds"] / 60 for run in runs])
        lines.append(f"| {FORMS[form]} | {' | '.join(cells)} | {minutes} |")
    speech, scores = first["speech"], first["scores"]
    real = [
        speech["real"]["accuracy"],
        1.0,
        *(scores[name]["floor"] for name in ("fd", "precision", "recall", "copies")),
    ]
    through = [speech["through"]["accuracy"], speech["through"]["accuracy"] / speech["real"]["accuracy"]]
    lines.append(f"| recordings held back | {' | '.join(f'{value:.3g}' for value in real)} | 0.5 | – | – |")
    lines.append(
        f"| these, through the form and back | {' | '.join(f'{value:.3g}' for value in through)} |{' – |' * 7}"
    )
    budget = f"--sounds {given.sounds}" if given.sounds else f"--minutes {given.minutes:g}"
    wishes = " ".join(["", "--set", *given.set]) if given.set else ""
    seeds, forms = " ".join(map(str, given.seeds)), " ".join(given.forms)
    command = f"python benchmarks/spoken_digits.py RECORDINGS {budget} --forms {forms} --seeds {seeds}{wishes}"
    return "\n".join([*lines, "", f"    {command}", ""])


def _values(run: Mapping[str, Any]) -> dict[str, float]:
    speech, scores = run["speech"], run["scores"]
    understood = speech["generated"]["accuracy"]
    values = (understood, understood / speech["real"]["accuracy"])
    scored = tuple(scores[name]["value"] for name in ("fd", "precision", "recall", "copies"))
    told = run["realism"]["value"] if "realism" in run else float("nan")
    return dict(zip(COLUMNS, (*values, *scored, told, run["cost"]["sounds"]), strict=True))


def _cell(values: Sequence[float]) -> str:
    middle = statistics.median(values)
    shown = f"{middle:,.0f}" if middle >= 1000 else f"{middle:.3g}"
    return shown if len(values) == 1 else f"{shown} ({min(values):.3g}–{max(values):.3g})"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("recordings", help="folder:PATH or zip:PATH, named as the Free Spoken Digit Dataset is")
    options.add_argument("--minutes", type=float, default=55.0)
    options.add_argument("--sounds", type=int, help="instead of minutes, for the same run on any machine")
    options.add_argument("--forms", nargs="+", choices=FORMS, default=list(FORMS))
    options.add_argument("--seeds", type=int, nargs="+", default=[1])
    options.add_argument("--runs", type=Path, default=Path("runs/spoken-digits"))
    options.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="further settings of every run")
    options.add_argument("--results", type=Path)
    given = options.parse_args()
    section = table({form: [trained(form, seed, given) for seed in given.seeds] for form in given.forms}, given)
    if given.results is None:
        print(section)
        return
    before = given.results.read_text(encoding="utf-8").rstrip("\n")
    given.results.write_text(f"{before}\n\n{section}", encoding="utf-8")


if __name__ == "__main__":
    main()
