"""A run that is stopped and resumed ends as the unbroken one, bit for bit: for any task, from its recipe."""

import json
import os
import signal
from pathlib import Path

import pytest
import torch

from zaohua.training import checkpoint
from zaohua.training.monitor import TIME_FIELDS
from zaohua.training.run import train_recipe
from zaohua.training.signals import Stopped
from zaohua.training.trainer import Trainer


def assert_resumes_exactly(recipe: Path, folder: Path, monkeypatch, *, after: int) -> None:
    """Train `recipe` whole in folder/whole; in folder/broken with a stop after that many steps, and go on."""
    whole, broken = folder / "whole", folder / "broken"
    train_recipe(recipe, f"run.dir={whole}", quiet=True)
    with monkeypatch.context() as patch:
        training_step = Trainer.training_step

        def step(self) -> None:
            training_step(self)
            if self.step == after:
                os.kill(os.getpid(), signal.SIGTERM)

        patch.setattr(Trainer, "training_step", step)
        with pytest.raises(Stopped):
            train_recipe(recipe, f"run.dir={broken}", quiet=True)
    train_recipe(recipe, f"run.dir={broken}", quiet=True, resume=True)
    one, other = (checkpoint.Reader(checkpoint.latest(run / "state")) for run in (whole, broken))
    assert one.names() == other.names()
    for key in one.names():
        assert torch.equal(one.whole(key), other.whole(key)), key
    assert _numbers(whole) == _numbers(broken)


def _numbers(run: Path) -> list[dict]:
    """What was logged, but for times and speeds."""
    found = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    return [
        {key: value for key, value in line.items() if key not in TIME_FIELDS and not key.endswith("_per_second")}
        for line in found
    ]
