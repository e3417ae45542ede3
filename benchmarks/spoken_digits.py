"""Do generated digits say what they should? PocketSphinx listens to them, and to real recordings that were held back.

    python benchmarks/spoken_digits.py zip:recordings.zip --minutes 55 --results benchmarks/RESULTS.md

Both forms of sound, spectra and waves, or those in --forms, learn for the same minutes (or --sounds seen) from the same
recordings, one run after the other. A run in --runs that was finished before is not repeated and one that was stopped
goes on, so the script may be stopped and started again. Without --results the table goes to the terminal.
"""

import argparse
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import torch
from seeded_runs import cell, command, conditions, options, publish, trained

FORMS = {"spectrum": "log-mel spectra, Griffin–Lim", "wave": "waves"}
COLUMNS = ("understood", "÷ real", "FD", "precision", "recall", "copies", "told from real", "sounds seen")


def of_form(form: str, seed: int, given: argparse.Namespace) -> dict[str, Any]:
    """The summary of one run, made now or before."""
    folder = given.runs / f"{form}-{seed}"
    budget = [f"train.sounds={given.sounds}", "train.minutes="] if given.sounds else [f"train.minutes={given.minutes}"]
    settings = [f"data.source={given.recordings}", f"model.form={form}", *budget, "measure.speech=true"]
    return trained("gan/digits-spoken", folder, seed, *settings, given=given)


def table(found: Mapping[str, Sequence[Mapping[str, Any]]], given: argparse.Namespace) -> str:
    """As a section of RESULTS.md."""
    first = next(iter(found.values()))[0]
    lines = [
        f"## Spoken digits from noise — {date.today()}",
        "",
        f"`gan/digits-spoken` on {torch.get_num_threads()} thread(s); {first['samples']:,} sounds made, the classes in "
        f"turn. Judge: {first['speech']['judge']} with a grammar of the ten words. FD({first['scores']['extractor']}); "
        "copies: as near to a recording trained on as only 1% of others are; told from real: held-out accuracy of a "
        f"fresh classifier. {conditions(given)}",
        "",
        f"| | {' | '.join(COLUMNS)} | minutes |",
        "|---" * (len(COLUMNS) + 2) + "|",
    ]
    for form, runs in found.items():
        cells = [cell([_values(run)[column] for run in runs]) for column in COLUMNS]
        minutes = cell([run["cost"]["train_seconds"] / 60 for run in runs])
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
    script = f"spoken_digits.py RECORDINGS {budget} --forms {' '.join(given.forms)}"
    return "\n".join([*lines, "", command(script, given), ""])


def _values(run: Mapping[str, Any]) -> dict[str, float]:
    speech, scores = run["speech"], run["scores"]
    understood = speech["generated"]["accuracy"]
    values = (understood, understood / speech["real"]["accuracy"])
    scored = tuple(scores[name]["value"] for name in ("fd", "precision", "recall", "copies"))
    told = run["realism"]["value"] if "realism" in run else float("nan")
    return dict(zip(COLUMNS, (*values, *scored, told, run["cost"]["sounds"]), strict=True))


def main() -> None:
    parser = options(__doc__, "runs/spoken-digits")
    parser.add_argument("recordings", help="folder:PATH or zip:PATH, named as the Free Spoken Digit Dataset is")
    parser.add_argument("--minutes", type=float, default=55.0)
    parser.add_argument("--sounds", type=int, help="instead of minutes, for the same run on any machine")
    parser.add_argument("--forms", nargs="+", choices=FORMS, default=list(FORMS))
    given = parser.parse_args()
    found = {form: [of_form(form, seed, given) for seed in given.seeds] for form in given.forms}
    publish(table(found, given), given)


if __name__ == "__main__":
    main()
