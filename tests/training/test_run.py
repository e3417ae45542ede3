"""A run from a recipe to its folder, through the real command line, killed, resumed, on one process and two."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from zaohua.training import checkpoint
from zaohua.training.monitor import TIME_FIELDS

WORDS = """the moon river stone walks slowly under bright old trees
山 水 明 月 春 风 来 去 人 家""".split()  # noqa: SIM905


@pytest.fixture(scope="module")
def text_file(tmp_path_factory) -> Path:
    """Forty thousand characters of made-up prose in both scripts."""
    dice = random.Random(0)
    lines = [" ".join(dice.choices(WORDS, k=12)) + "." for _ in range(800)]
    path = tmp_path_factory.mktemp("text") / "prose.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def recipe(tmp_path, text_file) -> Path:
    """A tiny language model with dropout, averaging and accumulation switched on."""
    path = tmp_path / "tiny.toml"
    path.write_text(
        f"""
        task = "language"
        [data]
        source = "file:{text_file}"
        [tokenizer]
        kind = "char"
        [model]
        layers = 2
        width = 32
        context = 32
        dropout = 0.1
        [train]
        steps = 50
        batch_size = 8
        accumulate = 2
        ema = 0.9
        log_every = 1
        evaluate_every = 10
        save_every = 5
        sample_every = 50
        [sample]
        max_new_tokens = 8
        [run]
        dir = "{tmp_path / "run"}"
        """
    )
    return path


def command(recipe: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "zaohua", "train", str(recipe), *arguments]


def run(*arguments, **options) -> subprocess.CompletedProcess:
    return subprocess.run(*arguments, capture_output=True, text=True, timeout=300, check=False, **options)


def lines(folder: Path, kind: str) -> list[dict]:
    found = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [
        {k: v for k, v in line.items() if k not in TIME_FIELDS and not k.endswith("_per_second")}
        for line in found
        if line["kind"] == kind
    ]


def test_killed_and_resumed_equals_unbroken(recipe, tmp_path):
    """SIGKILL at random moments; weights, optimiser memory and metrics end equal bit for bit."""
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert run(command(recipe, f"run.dir={whole}")).returncode == 0
    dice = random.Random(3)
    kills = 0
    for _ in range(3):
        process = subprocess.Popen(
            command(recipe, f"run.dir={broken}", "--resume"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        before = checkpoint.latest(broken / "state")
        while process.poll() is None and checkpoint.latest(broken / "state") == before:
            time.sleep(0.01)
        time.sleep(dice.uniform(0, 0.1))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.communicate()
    assert kills, "every run finished before it could be killed: the test has tested nothing"
    done = run(command(recipe, f"run.dir={broken}", "--resume"))
    assert done.returncode == 0, done.stderr
    one, other = (checkpoint.Reader(checkpoint.latest(f / "state")) for f in (whole, broken))
    assert one.names() == other.names()
    for key in one.names():
        assert torch.equal(one.whole(key), other.whole(key)), key
    for kind in ("train", "eval"):
        assert lines(whole, kind) == lines(broken, kind)
    for which in ("last", "best"):
        first, second = (load_file(f / "checkpoints" / which / "model.safetensors") for f in (whole, broken))
        assert all(torch.equal(first[key], second[key]) for key in first)


def test_a_run_leaves_everything_it_promises(recipe, tmp_path):
    done = run(command(recipe, "train.steps=20", "--json"))
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    folder = tmp_path / "run"
    assert summary.pop("folder") == str(folder)
    assert summary == json.loads((folder / "summary.json").read_text())
    assert {"recipe.toml", "metrics.jsonl", "data.json", "report.html", "log.txt", "tensorboard"} <= {
        path.name for path in folder.iterdir()
    }
    assert summary["metrics"]["loss"] == lines(folder, "eval")[-1]["loss"]
    assert {"unigram", "ngram"} <= summary["baselines"].keys()
    assert summary["cost"]["tokens"] == 20 * 8 * 32
    assert (folder / "checkpoints" / "best" / "config.json").is_file()
    again = run(command(recipe, "train.steps=20"))
    assert again.returncode == 2
    assert "--resume" in again.stderr
    assert run(command(recipe, "train.steps=20", "--resume")).returncode == 0, "a finished run has nothing to do"
    measured = run([sys.executable, "-m", "zaohua", "evaluate", str(folder), "--json"])
    assert measured.returncode == 0, measured.stderr
    best = min(line["loss"] for line in lines(folder, "eval"))
    assert json.loads(measured.stdout)["metrics"]["loss"] == pytest.approx(best, abs=1e-6)


def test_a_changed_recipe_or_changed_data_is_refused_unless_accepted(recipe, tmp_path, text_file):
    folder = tmp_path / "run"
    process = subprocess.Popen(command(recipe, "train.steps=5000"), stderr=subprocess.PIPE)
    while checkpoint.latest(folder / "state") is None and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1, "stopped before its end"
    assert b"--resume" in stderr
    refused = run(command(recipe, "train.steps=5000", "train.momentum=0.5", "--resume"))
    assert refused.returncode == 2
    assert "train.momentum" in refused.stderr
    assert "Traceback" not in refused.stderr
    step = checkpoint.facts(checkpoint.latest(folder / "state"))["step"]
    accepted = run(command(recipe, f"train.steps={step + 5}", "--resume", "--accept-changes"))
    assert accepted.returncode == 0, accepted.stderr
    assert json.loads((folder / "summary.json").read_text())["cost"]["steps"] == step + 5


def test_resume_with_nothing_saved_starts_over_and_says_so(recipe):
    done = run(command(recipe, "train.steps=4", "--resume"))
    assert done.returncode == 0, done.stderr
    assert "starting over" in done.stderr


@pytest.mark.parametrize("mode", ["data", "shard"])
def test_two_processes_follow_the_curve_of_one(recipe, tmp_path, mode):
    """Data-parallel and fully sharded over gloo: the same losses within 1e-4 over 50 steps, dropout included."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "zaohua"]
    arguments = ["train", str(recipe), f"train.parallel={mode}"]
    alone = run(command(recipe, f"train.parallel={mode}", f"run.dir={tmp_path / 'one'}"))
    assert alone.returncode == 0, alone.stderr
    both = run([*torchrun, *arguments, f"run.dir={tmp_path / 'two'}"], env=_one_thread())
    assert both.returncode == 0, both.stderr[:3000]
    for kind, count in (("train", 50), ("eval", 5)):
        one, two = lines(tmp_path / "one", kind), lines(tmp_path / "two", kind)
        assert len(one) == len(two) == count
        assert max(abs(a["loss"] - b["loss"]) for a, b in zip(one, two, strict=True)) <= 1e-4
    assert (tmp_path / "two" / "checkpoints" / "last" / "model.safetensors").is_file()
    more = [f"train.parallel={mode}", f"run.dir={tmp_path / 'two'}", "train.steps=60", "--resume", "--accept-changes"]
    more = run(command(recipe, *more))
    assert more.returncode == 0, more.stderr
    assert lines(tmp_path / "two", "train")[-1]["step"] == 60, "what two ranks saved, one goes on with"


def _one_thread() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1"}
