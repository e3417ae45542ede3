"""Small tasks for testing the trainer. Run as a program: python tests/toys.py FOLDER STEPS [--resume] [--plain]"""

import sys
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from zaohua.artifacts import Text
from zaohua.recipe import Section
from zaohua.seeding import normal
from zaohua.training import checkpoint, optimisers, parallel
from zaohua.training.config import RunConfig, TrainConfig
from zaohua.training.task import Draw, Phase
from zaohua.training.trainer import Trainer


class ToyRecipe(Section):
    task: Literal["toy"] = "toy"
    train: TrainConfig
    run: RunConfig
    batch_norm: bool = True


class ToyGAN:
    """Two networks, two optimisers, two critic steps to one generator step: points on a shifted, stretched Gaussian."""

    Recipe = ToyRecipe
    best_metric = "distance"
    compiles = False

    def __init__(self, recipe: ToyRecipe) -> None:
        self.recipe = recipe
        self.poison_at: int | None = None  # make the generator's loss infinite at this step
        self.poison_gradient_at: int | None = None  # make its gradient NaN and leave the loss as it is

    def prepare(self, ranks: parallel.Parallel, *, visible: bool) -> None:
        """The data are drawn."""

    def data_report(self) -> dict[str, Any]:
        return {}

    def build(self) -> dict[str, nn.Module]:
        torch.manual_seed(self.recipe.train.seed)
        norm = nn.BatchNorm1d(32) if self.recipe.batch_norm else nn.Identity()
        generator = nn.Sequential(nn.Linear(4, 32), norm, nn.SiLU(), nn.Linear(32, 2))
        critic = nn.Sequential(nn.Linear(2, 32), nn.SiLU(), nn.Linear(32, 1))
        return {"generator": generator, "critic": critic}

    def phases(self, modules: dict[str, nn.Module], device: torch.device) -> list[Phase]:
        generator, critic = modules["generator"], modules["critic"]
        train = self.recipe.train

        def batch(draw: Draw) -> tuple[Tensor, Tensor]:
            real = normal(draw.keys(1), 2) * torch.tensor([2.0, 0.5]) + torch.tensor([3.0, -1.0])
            return real, normal(draw.keys(2), 4)

        def critic_loss(batch: tuple[Tensor, Tensor], draw: Draw) -> tuple[Tensor, dict[str, Tensor]]:
            real, noise = batch
            on_real, on_fake = critic(real), critic(generator(noise).detach())
            loss = torch.relu(1 - on_real).mean() + torch.relu(1 + on_fake).mean()
            return loss, {"margin": on_real.mean() - on_fake.mean()}

        def generator_loss(batch: tuple[Tensor, Tensor], draw: Draw) -> tuple[Tensor, dict[str, Tensor]]:
            loss = -critic(generator(batch[1])).mean()
            if draw.step == self.poison_gradient_at:
                loss = loss + (0 * loss).abs().sqrt()  # + 0, whose derivative is 0 times infinity
            return (loss * float("inf") if draw.step == self.poison_at else loss), {}

        return [
            Phase("critic", critic_loss, self._optimiser(critic, train), batch, train.batch_size, repeats=2),
            Phase("generator", generator_loss, self._optimiser(generator, train), batch, train.batch_size),
        ]

    @staticmethod
    def _optimiser(module: nn.Module, train: TrainConfig) -> optimisers.Optimiser:
        return optimisers.build(dict(module.named_parameters()), train)

    def units_per_step(self) -> dict[str, int]:
        return {"images": self.recipe.train.batch_size}

    def flops_per_step(self) -> float:
        return 1e6

    def evaluate(self, modules: dict[str, nn.Module], ranks: parallel.Parallel) -> dict[str, float]:
        points = modules["generator"](normal(torch.arange(256, dtype=torch.int32), 4))
        return {"distance": (points.mean(0) - torch.tensor([3.0, -1.0])).norm().item()}

    def sample(self, weights: Any) -> list[Text]:
        return []

    def save_model(self, folder: Path, weights: Any, metrics: dict[str, Any], cost: dict[str, Any]) -> None:
        folder.mkdir(parents=True)
        (folder / "metrics.txt").write_text(str(metrics))

    def state_dict(self) -> dict[str, Any]:
        return {"data_hash": "toy"}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        assert state == {"data_hash": "toy"}

    def summary(self, weights: Any) -> dict[str, Any]:
        return {}

    def plan(self) -> dict[str, Any]:
        return {}


def toy_trainer(folder: Path, *, batch_norm: bool = True, **train: Any) -> Trainer:
    """A trainer of the toy GAN in `folder`; `train` overrides its section."""
    settings = {
        "steps": 30,
        "batch_size": 16,
        "learning_rate": 0.01,
        "optimiser": "adamw",
        "log_every": 4,
        "evaluate_every": 10,
        "save_every": 7,
        "ema": 0.9,
        "tensorboard": False,
    }
    recipe = ToyRecipe(train=TrainConfig(**settings | train), run=RunConfig(dir=str(folder)), batch_norm=batch_norm)
    return Trainer(ToyGAN(recipe), folder, parallel.start("auto"))


if __name__ == "__main__":
    torch.set_num_threads(1)
    run_folder = Path(sys.argv[1])
    trainer = toy_trainer(run_folder, steps=int(sys.argv[2]), save_every=1, batch_norm="--plain" not in sys.argv)
    trainer.run(checkpoint.latest(run_folder / "state") if "--resume" in sys.argv else None)
    parallel.stop()
