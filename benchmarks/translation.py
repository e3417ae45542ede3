"""Line art to colour on unseen pictograms: pairs with a discriminator, L1 alone, and the input as it is.

    python benchmarks/translation.py --images 8000 --seeds 1 2 3 --results benchmarks/RESULTS.md

Every arm has the same generator, pictograms and number of operations: L1 alone, without a discriminator to train, looks
at more pictures for them. Each is judged by its last weights, not its best; other pictograms are held back for every
seed. A run that was finished before, in --runs, is not repeated, and one that was stopped goes on. Without --results
the table goes to the terminal.
"""

import argparse
import json
import statistics
from datetime import date
from typing import Any

from seeded_runs import cell, command, options, publish, trained, versions

from zaohua.recipe import load_recipe
from zaohua.training.run import describe

RECIPE = "gan/translate-emoji"
OURS = "pairs: L1 and a discriminator"
ARMS = {OURS: "paired", "L1 alone": "l1"}
COPY = "the line art as it is"
FLOOR = "pictograms that were learnt from"
MEASURES = ("fd", "perceptual", "l1")


def budget(method: str, given: argparse.Namespace) -> int:
    """Pictures that this arm sees: as many as take the operations of the first arm."""
    costs = []
    for name in (ARMS[OURS], method):
        plan = describe(load_recipe(RECIPE, [f"model.method={name}", f"data.size={given.size}", *given.set]))
        costs.append(plan["flops_per_step"] / plan["units_per_step"]["images"])
    return round(given.images * costs[0] / costs[1])


def of_method(method: str, seed: int, given: argparse.Namespace) -> dict[str, Any]:
    """The summary of one run, made now or before."""
    images = budget(method, given)
    folder = given.runs / f"{method}-{given.size}-{images}-{seed}"
    if (folder / "summary.json").is_file():
        return json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    settings = [f"model.method={method}", f"train.images={images}", f"data.size={given.size}"]
    return trained(RECIPE, folder, seed, *settings, given=given)


def scored(given: argparse.Namespace) -> tuple[dict[str, list[dict[str, Any]]], str]:
    """Of every row of the table the scores by seed, and the extractor's name."""
    found: dict[str, list[dict[str, Any]]] = {COPY: [], **{name: [] for name in ARMS}, FLOOR: []}
    extractor = ""
    for seed in given.seeds:
        for name, method in ARMS.items():
            summary = of_method(method, seed, given)
            found[name].append(summary["metrics"] | summary["cost"])
        found[COPY].append(summary["baselines"]["copy"])
        found[FLOOR].append(summary["baselines"]["floor"])
        extractor = summary["extractor"]
    return found, extractor


def table(found: dict[str, list[dict[str, Any]]], extractor: str, given: argparse.Namespace) -> str:
    """As a section of RESULTS.md."""
    lines = [
        f"## Line art to colour, OpenMoji at {given.size} px — {date.today()}",
        "",
        f"`{RECIPE}` on the CPU, seeds {', '.join(map(str, given.seeds))}, the same operations for either arm; about a "
        "tenth of the 1,629 pictograms held back, copies and relatives on one side. Median over the seeds (range), "
        f"last weights. FD({extractor}), and the perceptual distance in the same network. {versions()}",
        "",
        "| | FD | perceptual distance | L1 | pictures seen | minutes |",
        "|---|---|---|---|---|---|",
    ]
    for name, scores in found.items():
        cells = [cell([score.get(measure) for score in scores], "{:.3f}".format) for measure in MEASURES]
        images, minutes = "–", "–"
        if "images" in scores[0]:
            images = f"{scores[0]['images']:,}"
            minutes = f"{statistics.median(score['train_seconds'] for score in scores) / 60:.1f}"
        lines.append(f"| {name} | {' | '.join(cells)} | {images} | {minutes} |")
    ours, alone = (found[name] for name in ARMS)
    ratios = [
        f"{measure} {statistics.median(a[measure] / b[measure] for a, b in zip(ours, alone, strict=True)):.2f}"
        for measure in MEASURES
    ]
    again = command(f"translation.py --images {given.images} --size {given.size}", given)
    lines += ["", f"Pairs with a discriminator ÷ L1 alone, medians: {', '.join(ratios)}.", "", again, ""]
    return "\n".join(lines)


def main() -> None:
    parser = options(__doc__, "runs/benchmark-translation")
    parser.add_argument("--images", type=int, default=8_000, help="that the first arm sees")
    parser.add_argument("--size", type=int, default=32)
    given = parser.parse_args()
    publish(table(*scored(given), given), given)


if __name__ == "__main__":
    main()
