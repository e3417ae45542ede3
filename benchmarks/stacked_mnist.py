"""Stacked MNIST: how many of 1,000 kinds of picture a generator makes, against a discriminator of a quarter its width.

    python benchmarks/stacked_mnist.py train MNIST RUNS --loss relativistic --seed 1 --steps 50000 --minutes 12
    python benchmarks/stacked_mnist.py table RUNS --append benchmarks/RESULTS.md

Three digits drawn at random stand in the three colour channels of a picture of 32 px (padded by two pixels of black).
As in PacGAN (Lin et al. 2018, arXiv:1712.04086) and before it Unrolled GAN (Metz et al. 2017, arXiv:1611.02163), the
discriminator's layers have a quarter of the generator's channels, and a batch is 128; networks, rates, penalty and
average are our defaults. 26,000 pictures are made from the averaged generator and each channel is read by the judge
small-cnn-mnist; a kind counts if it occurs at all. A run goes on in slices of --minutes; RUNS/NAME/score.json holds the
score of each that has come to its end. MNIST: a folder with its idx files.
"""

import argparse
import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gan_slices import parsers, run_slice, show
from torch import Tensor, nn

from zaohua import recipe as recipes
from zaohua.artifacts import Image
from zaohua.data.order import sample_numbers
from zaohua.gan.adversarial import Batch
from zaohua.gan.images.config import ImageRecipe
from zaohua.gan.images.model import ImageModel
from zaohua.gan.images.pixels import to_floats
from zaohua.gan.images.task import ImageTask
from zaohua.gan.losses import LOSSES
from zaohua.judges.extractor import open_extractor
from zaohua.metrics.modes import STACKED_MODES, STACKED_SAMPLES, even_kl, mode_scores, stacked_numbers
from zaohua.training.parallel import Parallel
from zaohua.training.task import Draw, Weights

BATCH, QUARTER, DURING = 128, 4, 2_600  # DURING: pictures of an evaluation while it trains
REGULARISERS = {"wasserstein": {"kind": "gradient_penalty"}}  # of the others: the default


class StackedTask(ImageTask):
    """Three digits in three channels, drawn anew for every batch."""

    best_metric = "kl"

    def _take_shape(self, channels: int, classes: int) -> None:
        super()._take_shape(3, 0)
        narrow = tuple(max(1, width // QUARTER) for width in self.shape.generator_widths[::-1])
        self.shape = replace(self.shape, discriminator_widths=narrow)

    def prepare(self, parallel: Parallel, *, visible: bool) -> None:
        super().prepare(parallel, visible=visible)
        self.judge = open_extractor("small-cnn-mnist")

    def batch(self, phase: str, draw: Draw, device: torch.device) -> Batch:
        digits = self.pictures.train
        seed = draw.seed + (1 << 40 if phase == "generator" else 0)
        drawn = sample_numbers(seed, draw.step, 3 * self.batch_size, len(digits)).reshape(-1, 3)[draw.indices.numpy()]
        real = to_floats(digits[torch.from_numpy(drawn)].squeeze(2))  # [B, 3, 32, 32]
        return Batch(real, None, self.latents(phase, draw, self.shape.latent))

    def evaluate(self, modules: dict[str, nn.Module], parallel: Parallel) -> dict[str, float]:
        model = ImageModel(modules["generator"], self.shape, ())
        return self.modes(model.pictures(self.shown_latents(DURING, self.shape.latent)))

    def modes(self, pictures: Tensor) -> dict[str, float]:
        """modes and kl of pictures uint8 [N, 3, 32, 32]."""
        read = self.judge.read(pictures.flatten(0, 1)[:, None]).probabilities.argmax(1)
        return mode_scores(stacked_numbers(read.reshape(-1, 3)), STACKED_MODES)

    def score(self, weights: Weights) -> tuple[dict[str, float], Image]:
        """Of the finished generator, and its grid."""
        made = self._model(weights).pictures(self.shown_latents(STACKED_SAMPLES, self.shape.latent))
        return self.modes(made), self.sample(weights)[0]


def recipe_of(options: argparse.Namespace, folder: Path) -> ImageRecipe:
    train = {"steps": options.steps, "batch_size": BATCH, "seed": options.seed, "precision": options.precision}
    raw: dict[str, Any] = {
        "task": "gan-image",
        "data": {
            "source": f"idx:{options.mnist}/train-images-idx3-ubyte.gz",
            "fit": "pad",
            "background": (0, 0, 0),
            "classes": False,
        },
        "model": {"network": "nano32"},
        "loss": {"kind": options.loss},
        "regulariser": REGULARISERS.get(options.loss, {}),
        "train": {
            **train,
            "evaluate_every": max(1, options.steps // 10),
            "save_every": max(1, options.steps // 50),
            "tensorboard": False,
        },
        "run": {"dir": str(folder)},
    }
    return recipes.validate(raw, ImageRecipe)


def train(options: argparse.Namespace) -> None:
    folder = options.runs / f"{options.loss}-{options.steps}-{options.seed}"
    if (folder / "score.json").exists():
        return
    task = StackedTask(recipe_of(options, folder))
    trainer = run_slice(task, folder, options.minutes)
    if trainer is None:
        print(f"{folder}: not at its end yet; the same command goes on")
        return
    score, page = task.score(trainer.final_weights())
    page.save(folder / "grid.png")
    found = {"loss": options.loss, "steps": options.steps, "seed": options.seed, **score, **task.parameters}
    found["train_seconds"] = trainer.cost()["train_seconds"]
    (folder / "score.json").write_text(json.dumps(found), encoding="utf-8")
    print(json.dumps(found))


def table(options: argparse.Namespace) -> None:
    groups = defaultdict(list)
    for path in sorted(options.runs.glob("*/score.json")):
        score = json.loads(path.read_text(encoding="utf-8"))
        groups[score["loss"], score["steps"]].append(score)
    rows = []
    for (loss, steps), scores in sorted(groups.items(), key=lambda item: (-item[0][1], item[0][0])):
        seeds = ", ".join(str(score["seed"]) for score in scores)
        modes, kl = (np.array([score[name] for score in scores]) for name in ("modes", "kl"))
        cells = [", ".join(f"{value:.0f}" for value in modes), ", ".join(f"{value:.3f}" for value in kl)]
        rows.append([loss, f"{steps:,}", seeds, *cells])
    head = [
        "loss",
        "iterations",
        "seeds",
        "modes of 1,000",
        f"KL (even: {even_kl(STACKED_SAMPLES, STACKED_MODES):.3f})",
    ]
    show("Stacked MNIST, D = ¼ G", head, rows, options.append)


def main() -> None:
    parser, training = parsers(__doc__, train, table)
    training.add_argument("mnist", type=Path)
    training.add_argument("runs", type=Path)
    training.add_argument("--loss", choices=list(LOSSES), default="relativistic")
    training.add_argument("--steps", type=int, default=50_000)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
