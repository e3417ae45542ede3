"""Does a GAN end as good as it ever was? Every loss at our defaults; the last FD over the best one.

    python benchmarks/gan_stability.py train SOURCE RUNS --loss least_squares --steps 10000 --minutes 12
    python benchmarks/gan_stability.py table RUNS --append benchmarks/RESULTS.md

SOURCE: pictures, as data.source names them, such as idx:train-images-idx3-ubyte.gz. Wasserstein trains with its
gradient penalty and, as a run of its own (--clip), with clipped weights; everything else is the default. FD of the
averaged generator against pictures trained on, every twentieth of the run, from the same latent vectors. A run goes on
in slices of --minutes.
"""

import argparse
import json
from pathlib import Path

from gan_slices import parsers, run_slice, show

from zaohua import recipe as recipes
from zaohua.gan.images.config import ImageRecipe
from zaohua.gan.images.task import ImageTask
from zaohua.gan.losses import LOSSES
from zaohua.metrics.watching import watch
from zaohua.report.record import read_lines

EVALUATIONS = 20


def train(options: argparse.Namespace) -> None:
    name = f"{options.loss}{'-clip' if options.clip else ''}-{options.steps}-{options.seed}"
    folder = options.runs / name
    if (folder / "result.json").exists():
        return
    rule = {"kind": "clip" if options.clip else "gradient_penalty"} if options.loss == "wasserstein" else {}
    every = max(1, options.steps // EVALUATIONS)
    raw = {
        "task": "gan-image",
        "data": {"source": options.source, "classes": False},
        "loss": {"kind": options.loss},
        "regulariser": rule,
        "train": {
            "steps": options.steps,
            "seed": options.seed,
            "precision": options.precision,
            "evaluate_every": every,
            "tensorboard": False,
        },
        "run": {"dir": str(folder)},
    }
    if run_slice(ImageTask(recipes.validate(raw, ImageRecipe)), folder, options.minutes) is None:
        print(f"{folder}: not at its end yet; the same command goes on")
        return
    lines = read_lines(folder / "metrics.jsonl")
    distances = {line["step"]: line["fd"] for line in lines if line["kind"] == "eval"}
    best, last = min(distances.values()), distances[max(distances)]
    names = [found.kind for found in watch(lines, raw).past]
    result = {"name": name, "best": best, "at": min(distances, key=lambda step: distances[step]), "last": last}
    result |= {"ratio": last / best, "found": names}
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")
    print(json.dumps(result))


def table(options: argparse.Namespace) -> None:
    rows = []
    for path in sorted(options.runs.glob("*/result.json")):
        one = json.loads(path.read_text(encoding="utf-8"))
        cells = [f"{one['best']:.3g}", f"{one['at']:,}", f"{one['last']:.3g}", f"{one['ratio']:.2f}"]
        rows.append([one["name"], *cells, ", ".join(one["found"]) or "–"])
    head = ["loss, steps, seed", "best FD", "at step", "last FD", "last / best", "named while training"]
    show("Stability of the losses", head, rows, options.append)


def main() -> None:
    parser, training = parsers(__doc__, train, table)
    training.add_argument("source")
    training.add_argument("runs", type=Path)
    training.add_argument("--loss", choices=list(LOSSES), required=True)
    training.add_argument("--clip", action="store_true")
    training.add_argument("--steps", type=int, default=10_000)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
