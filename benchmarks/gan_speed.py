"""Pictures a second of an adversarial step with another library's networks: its own step and ours, in turns.

    python benchmarks/gan_speed.py --peers FOLDER --data FASHION --networks dcgan:64 wgan_gp:64 --rounds 5

FOLDER: see gan_peers.py. FASHION: a folder with the files of Fashion-MNIST. Both sides train the same networks from
pictures in memory, in batches of 64, with the same loss, penalty and number of discriminator steps; ours goes through
the trainer, with its averaged generator and its numbers for the log. Counted are real pictures that the discriminator
saw. --cpu-time counts seconds of one processor in place of those on the clock, for a machine that others use (with
OMP_NUM_THREADS=1). --penalty-every 1 has the gradient penalty in every step, as the other side has it; our usual is
every fourth. The last line of standard output is JSON.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from gan_peers import mimicry, mimicry_networks
from torch import Tensor, nn

from zaohua import recipe as recipes
from zaohua.gan.images.config import ImageRecipe
from zaohua.gan.images.task import ImageTask
from zaohua.machine import keep_memory
from zaohua.training import parallel
from zaohua.training.trainer import Trainer

BATCH, LATENT = 64, 128
SECONDS = 12.0  # of a turn


class Called(nn.Module):
    """Another library's network, called as ours are: with a condition that is None, and scores [B]."""

    def __init__(self, network: nn.Module, *, scores: bool) -> None:
        super().__init__()
        self.network, self.scores = network, scores

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.network(x)[:, 0] if self.scores else self.network(x)


class EqualTask(ImageTask):
    """Our task with these networks."""

    def __init__(self, recipe: ImageRecipe, make: Callable[[], tuple[nn.Module, nn.Module]]) -> None:
        super().__init__(recipe)
        self.make = make

    def networks(self) -> dict[str, nn.Module]:
        generator, discriminator = self.make()
        return {"generator": Called(generator, scores=False), "discriminator": Called(discriminator, scores=True)}


def our_step(options: argparse.Namespace, kind: str, width: int | None, folder: str) -> tuple[ImageTask, Trainer]:
    """The trainer of a run with such networks, before its first step."""
    wasserstein = kind == "wgan_gp"
    raw = {
        "task": "gan-image",
        "data": {"source": f"idx:{options.data}/train-images-idx3-ubyte.gz", "channels": 3, "classes": False},
        "model": {"network": "dcgan32", "latent": LATENT},
        "loss": {"kind": "wasserstein" if wasserstein else "non_saturating"},
        "regulariser": {"kind": "gradient_penalty", "every": options.penalty_every}
        if wasserstein
        else {"kind": "none"},
        "train": {"steps": 100_000, "batch_size": BATCH, "discriminator_steps": 5 if wasserstein else 1},
        "run": {"dir": folder},
    }
    task = EqualTask(recipes.validate(raw, ImageRecipe), lambda: mimicry_networks(options.peers, kind, width))
    ranks = parallel.start("auto")
    task.prepare(ranks, visible=False)
    trainer = Trainer(task, Path(folder), ranks)
    trainer.total = 100_000
    return task, trainer


def rate(step: Callable[[], Any], pictures: int, seconds: float, clock: Callable[[], float]) -> float:
    """Pictures a second over a turn."""
    began, steps = clock(), 0
    while clock() - began < seconds:
        step()
        steps += 1
    return steps * pictures / (clock() - began)


def race(options: argparse.Namespace, name: str) -> dict[str, Any]:
    """Median rates of both sides and their ratio, turn by turn."""
    kind, _, width = name.partition(":")
    with tempfile.TemporaryDirectory() as folder:
        task, trainer = our_step(options, kind, int(width) if width else None, folder)
        peer = mimicry(options.peers, kind, int(width) if width else None)
        pictures = task.pictures.train.float() / 127.5 - 1
        counted = BATCH * peer.discriminator_steps

        def theirs() -> None:
            peer.step(pictures[torch.randint(len(pictures), (counted,))])

        for step in (theirs, trainer.training_step):
            step()
            step()
        clock = time.process_time if options.cpu_time else time.perf_counter
        turns = []
        for _ in range(options.rounds):
            turns.append(tuple(rate(step, counted, options.seconds, clock) for step in (trainer.training_step, theirs)))
    ours, other = (statistics.median(turn[side] for turn in turns) for side in (0, 1))
    ratios = [mine / another for mine, another in turns]
    found = {"networks": name, "ours": round(ours, 1), "mimicry": round(other, 1), "ratio": statistics.median(ratios)}
    return found | {"least": min(ratios), "most": max(ratios)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--networks", nargs="+", default=["dcgan:64", "wgan_gp:64"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--cpu-time", action="store_true")
    parser.add_argument("--penalty-every", type=int, default=4)
    options = parser.parse_args()
    keep_memory()  # as `zaohua train` does
    found = []
    for name in options.networks:
        found.append(race(options, name))
        print(found[-1], flush=True)
    print(json.dumps({"threads": torch.get_num_threads(), "penalty_every": options.penalty_every, "races": found}))


if __name__ == "__main__":
    main()
