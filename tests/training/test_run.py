"""A run from a recipe to its folder, through the real command line, killed, resumed, on one process and two."""

import errno
import html
import json
import os
import random
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from zaohua import hub
from zaohua.errors import UsageError, ZaohuaError
from zaohua.language.folder import load_folder
from zaohua.recipe import load_recipe
from zaohua.training import checkpoint
from zaohua.training.monitor import TIME_FIELDS
from zaohua.training.run import _resume_command, train_recipe
from zaohua.training.signals import Stopped
from zaohua.training.trainer import Trainer

WORDS = """the moon river stone walks slowly under bright old trees
山 水 明 月 春 风 来 去 人 家""".split()  # noqa: SIM905

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]

# The command line on every rank, with what a test wants to see or to happen there.
ON_EVERY_RANK = """
import os, signal
from pathlib import Path
from zaohua import cli
from zaohua.training.trainer import Trainer

rank = int(os.environ["RANK"])
steps_in, introduce, training_step = Trainer._steps_in, Trainer._introduce, Trainer.training_step
{code}
cli.main()
"""
OWN_CLOCKS = """
Trainer._steps_in = lambda self, seconds: steps_in(self, seconds) + 5 * rank

def tell(self, bar):
    introduce(self, bar)
    Path(f"steps-{rank}").write_text(str(self.total))

Trainer._introduce = tell
"""
STOPPED_AFTER_SIX_OF_23 = """
Trainer._steps_in = lambda self, seconds: steps_in(self, seconds) * 0 + 23

def step(self):
    training_step(self)
    if self.step == 6 and self.total == 23 and rank == 1:
        os.kill(os.getpid(), signal.SIGTERM)

Trainer.training_step = step
"""

# The command line, killed before the n-th time it asks the disk to keep or to rename something in training.
KILLED_BEFORE_AN_ACT = """
import os, signal, sys
from pathlib import Path
from zaohua import cli
from zaohua.training.trainer import Trainer

left = int(sys.argv.pop(1))
write = Trainer._write

def counted(name):
    act = getattr(os, name)

    def call(*paths, **options):
        global left
        left -= 1
        if left == 0:
            print(name, *(Path(path).name for path in paths[1:]), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        return act(*paths, **options)

    return call

def counting(self, *given):
    for name in ("fsync", "rename", "replace"):
        if getattr(os, name).__name__ != "call":
            setattr(os, name, counted(name))
    write(self, *given)

Trainer._write = counting
cli.main()
"""
# (n, the act, what the state folder, best and last then are): of the 21 acts of a checkpoint, 1-15 make the model
# folder, 16 and 17 link to it, 18-21 save the state.
KILLS = [
    (21, "fsync", ["step-00000005"], "step-00000005", "step-00000005"),
    (10, "fsync", ["step-00000005"], "step-00000005", "step-00000005"),
    (17, "replace last", ["step-00000005"], "step-00000010", "step-00000005"),
    (20, "rename step-00000010", [".step-00000010.tmp", "step-00000005"], *["step-00000010-again"] * 2),
]


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
    assert_same_run(whole, broken)


def assert_same_run(whole: Path, broken: Path) -> None:
    """Weights, optimiser memory, averages, metrics and model folders are equal bit for bit."""
    one, other = (checkpoint.Reader(checkpoint.latest(f / "state")) for f in (whole, broken))
    assert one.names() == other.names()
    for key in one.names():
        assert torch.equal(one.whole(key), other.whole(key)), key
    for kind in ("train", "eval"):
        assert lines(whole, kind) == lines(broken, kind)
    for which in ("last", "best"):
        first, second = (load_file(f / "checkpoints" / which / "model.safetensors") for f in (whole, broken))
        assert all(torch.equal(first[key], second[key]) for key in first)


def test_killed_at_chosen_acts_of_a_checkpoint_write(recipe, tmp_path):
    """One run, killed before the n-th act of its next checkpoint and resumed, again and again: with its first state
    just named, a model folder half filled, one link of two moved, a state complete but for its name."""
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    settings = ("train.steps=20", "train.evaluate_every=5", "train.tensorboard=false")
    train_recipe(recipe, *settings, f"run.dir={whole}", quiet=True)
    for number, act, states, best, last in KILLS:
        child = [sys.executable, "-c", KILLED_BEFORE_AN_ACT, str(number), "train", str(recipe), *settings]
        died = run([*child, f"run.dir={broken}", "--resume", "--quiet"], env=_one_thread())
        assert died.returncode == -signal.SIGKILL, died.stderr
        assert died.stdout.strip() == act
        assert sorted(path.name for path in (broken / "state").iterdir()) == states
        for which, wanted in (("best", best), ("last", last)):
            assert (broken / "checkpoints" / which).resolve().name == wanted
            load_folder(broken / "checkpoints" / which)
    train_recipe(recipe, *settings, f"run.dir={broken}", quiet=True, resume=True)
    assert_same_run(whole, broken)
    for folder in (broken / "checkpoints", broken / "state"):
        assert not list(folder.glob(".*"))  # half a folder of a killed process takes room for nothing


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


def after(step: int, act, monkeypatch) -> None:
    """Have `act` called when a trainer has done this step."""
    original = Trainer.training_step

    def training_step(self) -> None:
        original(self)
        if self.step == step:
            act()

    monkeypatch.setattr(Trainer, "training_step", training_step)


def test_a_stopped_run_leaves_a_report_and_says_what_goes_on(recipe, tmp_path, monkeypatch):
    settings = (f"run.dir={tmp_path / 'my run'}", "train.steps=12")
    with monkeypatch.context() as patch:
        after(6, lambda: os.kill(os.getpid(), signal.SIGTERM), patch)
        with pytest.raises(Stopped, match="Stopped at step 6 of 12") as stopped:
            train_recipe(recipe, *settings, quiet=True)
    _, _, command = str(stopped.value).partition("Go on with: ")
    assert command in html.unescape((tmp_path / "my run" / "report.html").read_text(encoding="utf-8"))
    assert shlex.split(command) == ["zaohua", "train", str(recipe), *settings, "--resume"]
    two = shlex.split(_resume_command(load_recipe(recipe, settings), world=2))
    assert two == ["torchrun", "--nproc-per-node=2", "-m", *shlex.split(command)]
    done = run([sys.executable, "-m", *shlex.split(command)])
    assert done.returncode == 0, done.stderr
    assert "Resuming after step 6" in done.stderr
    assert [line["step"] for line in lines(tmp_path / "my run", "train")] == list(range(1, 13))


def test_a_report_that_fails_does_not_hide_the_stop(recipe, monkeypatch):
    after(2, lambda: os.kill(os.getpid(), signal.SIGTERM), monkeypatch)
    monkeypatch.setattr("zaohua.training.run.write_report", no_space)
    with pytest.raises(Stopped, match=r"Stopped at step 2 of 50.*report.*No space left.*Go on with: ") as stopped:
        train_recipe(recipe, quiet=True)
    assert "\n" not in str(stopped.value)


def test_summary_and_report_of_where_a_run_stood_do_not_outlive_it(recipe, tmp_path, monkeypatch):
    """Finished, taken on by more steps and cut off before the new summary."""
    folder, settings = tmp_path / "run", (recipe, "train.steps=8")
    train_recipe(recipe, "train.steps=4", quiet=True)
    with monkeypatch.context() as patch:
        patch.setattr("zaohua.training.run._summary", no_space)
        with pytest.raises(OSError, match="No space left"):
            train_recipe(*settings, quiet=True, resume=True, accept_changes=True)
    assert not {"summary.json", "report.html"} & {path.name for path in folder.iterdir()}
    assert train_recipe(*settings, quiet=True, resume=True, accept_changes=True)["cost"]["steps"] == 8
    assert (folder / "report.html").is_file()


def test_edited_data_are_refused_unless_accepted(recipe, tmp_path, text_file, monkeypatch):
    own, states = tmp_path / "own.txt", tmp_path / "run" / "state"
    own.write_bytes(text_file.read_bytes())
    settings = (recipe, f"data.source=file:{own}", "train.steps=12")
    with monkeypatch.context() as patch:
        after(6, lambda: os.kill(os.getpid(), signal.SIGTERM), patch)
        with pytest.raises(Stopped):
            train_recipe(*settings, quiet=True)
    before = checkpoint.facts(checkpoint.latest(states))
    assert before["step"] == 6
    own.write_text(own.read_text(encoding="utf-8") + "\nthe old moon walks.", encoding="utf-8")
    with pytest.raises(UsageError, match=r"data are not.*--accept-changes") as caught:
        train_recipe(*settings, quiet=True, resume=True)
    assert "\n" not in str(caught.value)
    assert checkpoint.facts(checkpoint.latest(states)) == before
    assert train_recipe(*settings, quiet=True, resume=True, accept_changes=True)["cost"]["steps"] == 12
    assert [line["step"] for line in lines(tmp_path / "run", "train")] == list(range(1, 13))
    now = checkpoint.facts(checkpoint.latest(states))
    assert now["task"]["data_hash"] != before["task"]["data_hash"]


WRONG_FROM_THE_START = [
    ("data.source=file:misspelt.txt", "misspelt"),
    ("train.groups=[{pattern = 'no.such'}]", "matches no parameter"),
    ("train.accumulate=3", "cannot be cut"),
]


def test_a_recipe_wrong_before_its_first_step_leaves_the_folder_free(recipe, tmp_path):
    """Whoever finds the mistake, preparation, trainer or first step; what another run has marked stays marked."""
    marker = tmp_path / "run" / "recipe.toml"
    for setting, says in WRONG_FROM_THE_START:
        with pytest.raises(ZaohuaError, match=says):
            train_recipe(recipe, setting, quiet=True)
        assert not marker.exists()
        marker.touch()  # a run that was killed before its first state
        with pytest.raises(ZaohuaError, match=says):
            train_recipe(recipe, setting, quiet=True, resume=True)
        marker.unlink()
    assert train_recipe(recipe, "train.steps=2", quiet=True)["cost"]["steps"] == 2


def no_space(*arguments, **_options) -> None:
    """Stands in for what writes; where it is given a file, it writes half of it."""
    for path in arguments:
        if isinstance(path, Path) and path.suffix:
            path.write_bytes(b"half")
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    "writer",
    [
        "zaohua.model_folder.tensors.save_file",
        "zaohua.language.folder.write_json",
        "zaohua.training.checkpoint.save_file",
        "zaohua.training.outputs.save_samples",
        "zaohua.training.outputs.point",
        "zaohua.training.monitor.MetricsLog.write",
        "zaohua.training.monitor._JournalFile.flush",
    ],
)
def test_a_full_disk_costs_nothing_that_was_finished(recipe, tmp_path, monkeypatch, writer):
    """Whatever is being written at step 10: one line, the state of step 5 and all models are whole, resume goes on."""
    folder, settings = tmp_path / "run", (recipe, "train.steps=20", "train.sample_every=10")
    with monkeypatch.context() as patch:
        after(10, lambda: patch.setattr(writer, no_space), patch)
        with pytest.raises(ZaohuaError, match=r"No space left.*: (make room|free some space)") as caught:
            train_recipe(*settings, quiet=True)
    assert "\n" not in str(caught.value)
    assert [path.name for path in (folder / "state").iterdir()] == ["step-00000005"]
    assert checkpoint.facts(checkpoint.latest(folder / "state"))["step"] == 5
    last = "step-00000010" if "checkpoint" in writer else "step-00000005"  # a model is there before its state
    assert (folder / "checkpoints" / "last").resolve().name == last
    assert len(hub.load(folder).generate("the ", max_new_tokens=4)) == 1
    for found in (folder / "checkpoints").iterdir():
        load_folder(found)
    assert train_recipe(*settings, quiet=True, resume=True)["cost"]["steps"] == 20
    assert checkpoint.facts(checkpoint.latest(folder / "state"))["step"] == 20
    assert (folder / "report.html").is_file()
    assert [line["step"] for line in lines(folder, "train")] == list(range(1, 21))


def test_a_finished_run_whose_report_is_missing_gets_it(recipe, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("zaohua.training.run.write_report", no_space)
        with pytest.raises(OSError, match="No space left"):
            train_recipe(recipe, "train.steps=4", f"run.dir={tmp_path / 'run'}", quiet=True)
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert train_recipe(recipe, "train.steps=4", f"run.dir={tmp_path / 'run'}", quiet=True, resume=True) == summary
    assert (tmp_path / "run" / "report.html").is_file()


def test_resume_with_nothing_saved_starts_over_and_says_so(recipe):
    done = run(command(recipe, "train.steps=4", "--resume"))
    assert done.returncode == 0, done.stderr
    assert "starting over" in done.stderr


@pytest.mark.parametrize("mode", ["data", "shard"])
def test_two_processes_follow_the_curve_of_one(recipe, tmp_path, mode):
    """Data-parallel and fully sharded over gloo: the same losses within 1e-4 over 50 steps, dropout included."""
    arguments = ["-m", "zaohua", "train", str(recipe), f"train.parallel={mode}"]
    alone = run(command(recipe, f"train.parallel={mode}", f"run.dir={tmp_path / 'one'}"))
    assert alone.returncode == 0, alone.stderr
    both = run([*TORCHRUN, *arguments, f"run.dir={tmp_path / 'two'}"], env=_one_thread())
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


def on_two_ranks(code: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess:
    (cwd / "rank.py").write_text(ON_EVERY_RANK.format(code=code))
    return run([*TORCHRUN, "rank.py", *arguments], env=_one_thread(), cwd=cwd)


@pytest.mark.parametrize("mode", ["data", "shard"])
def test_two_processes_agree_on_the_steps_that_fit_into_minutes(recipe, tmp_path, mode):
    """Each measures by its own clock, one of them always more than the other; the first one's number stands."""
    settings = [f"train.parallel={mode}", "train.minutes=0.02", "train.save_every=1000", "train.evaluate_every=1000"]
    both = on_two_ranks(OWN_CLOCKS, "train", str(recipe), *settings, cwd=tmp_path)
    assert both.returncode == 0, both.stderr[:3000]
    first, second = (int((tmp_path / f"steps-{rank}").read_text()) for rank in (0, 1))
    assert first == second >= 1
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["cost"]["steps"] == first
    assert lines(tmp_path / "run", "train")[-1]["step"] == first
    assert checkpoint.facts(checkpoint.latest(tmp_path / "run" / "state"))["total"] == first


def test_one_process_keeps_the_steps_that_two_have_counted(recipe, tmp_path):
    """A sharded run with a budget in minutes, stopped at step 6 of 23, goes on alone to step 23: no new calibration."""
    arguments = ["train.parallel=shard", "train.minutes=0.5"]
    both = on_two_ranks(STOPPED_AFTER_SIX_OF_23, "train", str(recipe), *arguments, cwd=tmp_path)
    assert both.returncode != 0
    assert "Stopped at step 6 of 23" in both.stderr, both.stderr[:3000]
    state = checkpoint.latest(tmp_path / "run" / "state")
    assert len(list(state.glob("rank-*-of-2.safetensors"))) == 2
    alone = run(command(recipe, *arguments, "--resume"))
    assert alone.returncode == 0, alone.stderr
    assert "Resuming after step 6" in alone.stderr
    assert "this machine's speed" not in alone.stderr
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["cost"]["steps"] == 23
    assert [line["step"] for line in lines(tmp_path / "run", "train")] == list(range(1, 24))


def _one_thread() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1"}
