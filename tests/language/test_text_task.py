"""What holds for every task that trains one model on texts: resuming, several processes, costs known beforehand."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import small_runs
import torch
from resuming import assert_resumes_exactly

from zaohua import hub
from zaohua.recipe import load_recipe, validate
from zaohua.tasks import load_task
from zaohua.training.parallel import Parallel
from zaohua.training.run import describe, train_recipe
from zaohua.training.task import Draw

CPU = torch.device("cpu")
EVERY_TASK = pytest.mark.parametrize("task", small_runs.TASKS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The recipes of all of them."""
    folder = tmp_path_factory.mktemp("recipes")
    for make in small_runs.TASKS.values():
        make(folder)
    return folder


@EVERY_TASK
def test_a_stopped_run_goes_on_bit_for_bit(folder, task, tmp_path, monkeypatch):
    assert_resumes_exactly(folder / f"{task}.toml", tmp_path, monkeypatch, after=7)


@pytest.fixture(scope="module")
def alone(folder) -> Path:
    """Runs of one process, with averaged weights."""
    for task in small_runs.TASKS:
        train_recipe(folder / f"{task}.toml", "train.ema=0.9", f"run.dir={folder / 'alone' / task}", quiet=True)
    return folder / "alone"


@pytest.mark.parametrize("mode", ["data", "shard"])
def test_two_processes_train_like_one(folder, alone, mode):
    """Over gloo, dropout, averaged weights and rows of different length included: every loss and evaluation."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command = [*torchrun, small_runs.__file__, str(folder), mode, f"train.parallel={mode}", "train.ema=0.9"]
    subprocess.run(command, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"}, timeout=120)
    for task in small_runs.TASKS:
        one, two = _losses(alone / task), _losses(folder / mode / task)
        assert len(one) == 12 + 2
        assert [line[:2] for line in one] == [line[:2] for line in two]
        assert [line[2] for line in two] == pytest.approx([line[2] for line in one], abs=1e-4), task
        assert hub.load(folder / mode / task)


def _losses(run: Path) -> list[tuple[str, int, float]]:
    """Of every step and evaluation, in order."""
    lines = map(json.loads, (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines())
    return [(line["kind"], line["step"], line["loss"]) for line in lines]


@pytest.mark.parametrize("task", ["masked", "classify", "seq2seq"])  # embed's texts compete within a part
def test_the_loss_of_a_batch_is_the_mean_of_its_parts(folder, task):
    raw = load_recipe(folder / f"{task}.toml")
    kind = load_task(task)
    made = kind(validate(raw, kind.Recipe))
    made.prepare(Parallel(rank=0, world=1, device=CPU, mode="single"), visible=False)
    module = made.build()["model"]

    def loss(indices: torch.Tensor) -> float:
        draw = Draw(1, 3, 0, indices, CPU)
        return made.loss(module, made.batch(draw, CPU), draw)[0].item()

    parts = [loss(part) for part in torch.arange(8).chunk(4)]
    assert loss(torch.arange(8)) == pytest.approx(sum(parts) / 4, rel=1e-5)


@EVERY_TASK
def test_costs_are_known_before_the_data(folder, task, tmp_path):
    recipe = folder / f"{task}.toml"
    plan = describe(load_recipe(recipe))
    json.dumps(plan)
    assert plan["at_most"] == ["vocab_size"]
    made = train_recipe(recipe, "train.steps=1", f"run.dir={tmp_path}", quiet=True)
    assert plan["parameters"] >= made["parameters"] > 0


@pytest.mark.parametrize("task", ["classify", "embed"])
def test_texts_that_are_cut_are_told(folder, task, tmp_path):
    train_recipe(folder / f"{task}.toml", "train.steps=1", "model.context=5", f"run.dir={tmp_path}", quiet=True)
    told = json.loads((tmp_path / "data.json").read_text(encoding="utf-8"))["warnings"]
    assert any("model.context" in line for line in told)
