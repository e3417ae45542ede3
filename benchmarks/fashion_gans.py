"""Fashion-MNIST at 32 px: our default beside other libraries' GANs at equal time, scored by one judge.

    python benchmarks/fashion_gans.py run DATA OUT --arm ours --seed 1
    python benchmarks/fashion_gans.py run DATA OUT --arm mimicry-wgan_gp-64 --seed 1 --peers FOLDER
    python benchmarks/fashion_gans.py score DATA OUT --append benchmarks/RESULTS.md

Each run has --minutes (10) of training on the clock, in which what comes before the first step and what is made to be
scored do not count, and leaves 10,000 pictures after 2, 5 and 10 minutes of it. DATA: a folder with the files of
Fashion-MNIST; everything is resized to 32 px alike. Ours is the default of `zaohua train` with train.minutes = 10;
the others train on three equal channels, for which their networks are made, and are scored by their mean. FOLDER: see
gan_peers.py. FD by small-cnn-fashion against the 10,000 test pictures; the floor is that of as many training pictures.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from gan_peers import Peer, mimicry, torchgan
from gan_slices import append
from torch import Tensor

from zaohua import recipe as recipes
from zaohua.data.pictures import PictureConfig, read_pictures
from zaohua.gan.images.config import ImageRecipe
from zaohua.gan.images.pixels import to_bytes, to_floats
from zaohua.gan.images.task import ImageTask
from zaohua.judges.extractor import open_extractor
from zaohua.judges.scores import picture_scores
from zaohua.machine import keep_memory
from zaohua.training import parallel
from zaohua.training.trainer import Trainer

MARKS, MADE, BATCH, AT_ONCE = (2.0, 5.0, 10.0), 10_000, 64, 250
ARMS = ("ours", "mimicry-dcgan-64", "mimicry-wgan_gp-64", "mimicry-dcgan", "mimicry-wgan_gp", "torchgan")


def pictures_of(data: Path) -> dict:
    """The `[data]` section of every arm."""
    train, test = (f"idx:{data}/{part}-images-idx3-ubyte.gz" for part in ("train", "t10k"))
    return {"source": train, "validation_source": test, "classes": False}


def timed(step: Callable[[], None], make: Callable[[], Tensor], minutes: float, out: Path) -> dict[str, float]:
    """Steps until each mark is reached; at each, pictures uint8 [N, 1, 32, 32] are kept. Returns steps and seconds."""
    spent, steps = 0.0, 0
    for mark in [mark for mark in MARKS if mark < minutes] + [minutes]:
        while spent < 60 * mark:
            began = time.perf_counter()
            step()
            spent += time.perf_counter() - began
            steps += 1
        np.savez_compressed(out / f"made-{mark:g}.npz", made=make().numpy())
    return {"steps": steps, "seconds": spent}


def run_ours(options: argparse.Namespace, out: Path) -> dict[str, float]:
    """Our default recipe; what is made comes from the averaged generator."""
    with tempfile.TemporaryDirectory() as folder:
        train = {"minutes": options.minutes, "seed": options.seed, "tensorboard": False}
        raw = {"task": "gan-image", "data": pictures_of(options.data), "train": train, "run": {"dir": folder}}
        task = ImageTask(recipes.validate(raw, ImageRecipe))
        ranks = parallel.start("auto")
        task.prepare(ranks, visible=False)
        trainer = Trainer(task, Path(folder), ranks)
        trainer.total = trainer._steps_in(60 * options.minutes)

        def step() -> None:  # the clock, not the number of steps, ends the run: the schedule stays at its last step
            trainer.training_step()
            trainer.total = max(trainer.total, trainer.step + 1)

        def make() -> Tensor:
            model = task._model(trainer.final_weights())
            return model.pictures(task.shown_latents(MADE, task.shape.latent))

        found = timed(step, make, options.minutes, out)
    return {**found, "images": found["steps"] * task.batch_size}


def run_peer(options: argparse.Namespace, out: Path) -> dict[str, float]:
    """Another library's networks and step on pictures that are in memory."""
    peer = peer_of(options)
    pictures = read_pictures(PictureConfig(**pictures_of(options.data)), options.seed).train
    real = to_floats(pictures).repeat(1, 3, 1, 1)
    counted = BATCH * peer.discriminator_steps

    def step() -> None:
        peer.step(real[torch.randint(len(real), (counted,))])

    @torch.no_grad()
    def make() -> Tensor:
        peer.generator.eval()
        parts = [peer.make(torch.randn(AT_ONCE, peer.latent)) for _ in range(MADE // AT_ONCE)]
        peer.generator.train()
        return to_bytes(torch.cat(parts).mean(1, keepdim=True))

    found = timed(step, make, options.minutes, out)
    return {**found, "images": found["steps"] * counted}


def peer_of(options: argparse.Namespace) -> Peer:
    """The arm's networks, drawn from the seed."""
    torch.manual_seed(options.seed)
    if options.arm == "torchgan":
        return torchgan(options.peers)
    _, kind, *width = options.arm.split("-")
    return mimicry(options.peers, kind, int(width[0]) if width else None)


def run(options: argparse.Namespace) -> None:
    out = options.out / f"{options.arm}-{options.seed}"
    if (out / "cost.json").exists():
        return
    out.mkdir(parents=True, exist_ok=True)
    keep_memory()  # as `zaohua train` does
    cost = run_ours(options, out) if options.arm == "ours" else run_peer(options, out)
    cost |= {"threads": torch.get_num_threads(), "images_per_second": cost["images"] / cost["seconds"]}
    (out / "cost.json").write_text(json.dumps(cost), encoding="utf-8")
    print(options.arm, json.dumps(cost))


def score(options: argparse.Namespace) -> None:
    judge = open_extractor("small-cnn-fashion")
    pictures = read_pictures(PictureConfig(**pictures_of(options.data)), 1)
    reference = judge.read(pictures.validation)
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for folder in sorted(path.parent for path in options.out.glob("*/cost.json")):
        arm, cost = folder.name.rpartition("-")[0], json.loads((folder / "cost.json").read_text(encoding="utf-8"))
        for file in sorted(folder.glob("made-*.npz")):
            with np.load(file) as held:
                scores = picture_scores(reference, judge.read(torch.from_numpy(held["made"])))
            found[arm][file.stem.removeprefix("made-")].append(scores["fd"])
            found[arm][f"coverage at {file.stem.removeprefix('made-')}"].append(scores["coverage"])
        found[arm]["images/s"].append(cost["images_per_second"])
    real = pictures.train[torch.from_numpy(np.random.default_rng(0).permutation(len(pictures.train))[:MADE])]
    floor = picture_scores(reference, judge.read(real))["fd"]
    marks = [f"{mark:g}" for mark in MARKS]
    columns = [*marks, f"coverage at {marks[-1]}", "images/s"]
    rows = [
        [arm, *(", ".join(f"{value:.3g}" for value in numbers[name]) for name in columns)]
        for arm, numbers in found.items()
    ]
    head = ["", *(f"FD at {mark} min" for mark in marks), *columns[len(marks) :]]
    print("\n".join(" | ".join(row) for row in (head, *rows)), f"\nfloor: {floor:.3g}")
    last = {arm: statistics.mean(numbers[marks[-1]]) for arm, numbers in found.items() if numbers[marks[-1]]}
    others = [value for arm, value in last.items() if arm != "ours"]
    if "ours" in last and others:
        print(f"ours / best of the others: {last['ours'] / min(others):.2f}")
    if options.append:
        title = f"Fashion-MNIST at equal time, {judge.name}, floor {floor:.3g} — {datetime.now(UTC):%Y-%m-%d}"
        append(options.append, title, head, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True)
    running = verbs.add_parser("run")
    running.add_argument("data", type=Path)
    running.add_argument("out", type=Path)
    running.add_argument("--arm", choices=ARMS, required=True)
    running.add_argument("--seed", type=int, default=1)
    running.add_argument("--peers", type=Path, default=Path())
    running.add_argument("--minutes", type=float, default=MARKS[-1])
    running.set_defaults(run=run)
    scoring = verbs.add_parser("score")
    scoring.add_argument("data", type=Path)
    scoring.add_argument("out", type=Path)
    scoring.add_argument("--append", type=Path)
    scoring.set_defaults(run=score)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
