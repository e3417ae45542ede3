"""The loop itself, on a task with two networks, two optimisers and repeated phases."""

import json
import math
import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from toys import toy_trainer

from zaohua.errors import UsageError, ZaohuaError
from zaohua.training import checkpoint
from zaohua.training.config import TrainConfig
from zaohua.training.monitor import TIME_FIELDS, ProgressBar
from zaohua.training.parallel import Parallel
from zaohua.training.precision import Precision, choose
from zaohua.training.signals import Stopped


def timeless_metrics(folder: Path) -> list[dict]:
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k not in TIME_FIELDS and not k.endswith("_per_second")} for line in lines]


def state_tensors(folder: Path) -> dict[str, torch.Tensor]:
    reader = checkpoint.Reader(checkpoint.latest(folder / "state"))
    return {key: reader.whole(key) for key in reader.names()}


def assert_same_run(one: Path, other: Path) -> None:
    """Weights, optimiser memory, averages and metrics are equal bit for bit."""
    first, second = state_tensors(one), state_tensors(other)
    assert first.keys() == second.keys()
    for key in first:
        assert torch.equal(first[key], second[key]), key
    assert timeless_metrics(one) == timeless_metrics(other)


def test_the_adversarial_task_learns(tmp_path):
    trainer = toy_trainer(tmp_path, steps=300, evaluate_every=100)
    before = trainer.evaluate()["distance"]
    assert trainer.run()["distance"] < before / 3


def test_a_phase_moves_only_its_own_parameters(tmp_path):
    trainer = toy_trainer(tmp_path)
    trainer.total = 10
    _, generator = trainer.phases
    frozen = [p.clone() for p in trainer.modules["generator"].parameters()]
    moving = [p.clone() for p in trainer.modules["critic"].parameters() if p.ndim == 2]
    generator.optimiser.step = lambda: None
    trainer.training_step()
    assert all(torch.equal(a, b) for a, b in zip(frozen, trainer.modules["generator"].parameters(), strict=True))
    moved = [p for p in trainer.modules["critic"].parameters() if p.ndim == 2]
    assert not any(torch.equal(a, b) for a, b in zip(moving, moved, strict=True))


def test_accumulated_parts_give_the_whole_batch(tmp_path):
    """Without batch statistics, gradients over 4 parts of the batch equal those over all of it."""
    results = []
    for parts in (1, 4):
        trainer = toy_trainer(tmp_path / str(parts), accumulate=parts)
        trainer.total = 10
        trainer.modules["generator"].eval()  # batch norm would see each part alone
        for _ in range(3):
            trainer.training_step()
        results.append([p.detach().clone() for p in trainer.modules["critic"].parameters()])
    for one, four in zip(*results, strict=True):
        torch.testing.assert_close(one, four)


def test_a_stopped_run_resumes_bit_for_bit(tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    toy_trainer(whole).run()
    first = toy_trainer(parts)
    original = first.training_step

    def step_then_ask() -> None:
        original()
        if first.step == 13:
            os.kill(os.getpid(), signal.SIGTERM)

    first.training_step = step_then_ask
    with pytest.raises(Stopped, match="13"):
        first.run()
    state = checkpoint.latest(parts / "state")
    assert checkpoint.facts(state)["step"] == 13
    toy_trainer(parts).run(state)
    assert_same_run(whole, parts)


def test_sigkill_at_random_points_changes_nothing(tmp_path):
    """Killed again and again, while it saves too (it saves at every step), the run ends as the unbroken one."""
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    script = str(Path(__file__).parents[1] / "toys.py")
    steps = "150"
    subprocess.run([sys.executable, script, str(whole), steps], check=True)
    dice = random.Random(7)
    kills = 0
    while True:
        process = subprocess.Popen([sys.executable, script, str(broken), steps, "--resume"])
        while process.poll() is None and not (broken / "state").exists():
            time.sleep(0.01)
        began = checkpoint.latest(broken / "state")
        while process.poll() is None and checkpoint.latest(broken / "state") == began:
            time.sleep(0.002)  # let it get on by at least one state, so that the test ends
        time.sleep(dice.uniform(0, 0.15))
        if process.poll() is not None or kills == 4:
            break
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += 1
    assert process.wait() == 0
    assert kills >= 1, "every run finished before it could be killed: the test has tested nothing"
    assert_same_run(whole, broken)
    for which in ("last", "best"):
        assert (broken / "checkpoints" / which / "metrics.txt").is_file()


def test_a_kill_during_a_checkpoint_write_leaves_the_older_one(tmp_path, monkeypatch):
    trainer = toy_trainer(tmp_path, save_every=5)

    def die_half_way(tensors, path, metadata):
        Path(path).write_bytes(b"half")
        raise KeyboardInterrupt

    original, save = trainer.training_step, checkpoint.save_file

    def step() -> None:
        original()
        if trainer.step == 10:
            monkeypatch.setattr(checkpoint, "save_file", die_half_way)

    trainer.training_step = step
    with pytest.raises(KeyboardInterrupt):
        trainer.run()
    state = checkpoint.latest(tmp_path / "state")
    assert checkpoint.facts(state)["step"] == 5
    assert checkpoint.Reader(state).names()
    monkeypatch.setattr(checkpoint, "save_file", save)
    toy_trainer(tmp_path, save_every=7).run(state)  # which does not save at step 10 again
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["step-00000030"]


def test_a_full_disk_is_one_line_and_keeps_the_last_state(tmp_path, monkeypatch):
    trainer = toy_trainer(tmp_path, save_every=5)
    original, save = trainer.training_step, checkpoint.save_file

    def full(tensors, path, metadata):
        raise OSError(28, "No space left on device")

    def step() -> None:
        original()
        monkeypatch.setattr(checkpoint, "save_file", full if trainer.step == 10 else save)

    trainer.training_step = step
    with pytest.raises(ZaohuaError, match="No space left") as caught:
        trainer.run()
    assert "\n" not in str(caught.value)
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["step-00000005"]


def test_a_loss_that_is_not_a_number_stops_the_run(tmp_path):
    trainer = toy_trainer(tmp_path, save_every=5)
    trainer.task.poison_at = 12
    with pytest.raises(ZaohuaError, match=r"loss_generator .* step 13.* step 10 "):
        trainer.run()
    assert checkpoint.facts(checkpoint.latest(tmp_path / "state"))["step"] == 10


@pytest.mark.parametrize("due", ["save_every", "evaluate_every", "sample_every"])
def test_weights_that_are_not_numbers_are_never_kept(tmp_path, due):
    """A NaN gradient under a finite loss, in the very step after which something is due."""
    every = {"save_every": 10, "evaluate_every": 100, "sample_every": 100} | {due: 5}
    trainer = toy_trainer(tmp_path, log_every=100, **every)
    trainer.task.poison_gradient_at = 14
    with pytest.raises(ZaohuaError, match=r"weight_norm became nan at step 15\. The state after step 10 ") as caught:
        trainer.run()
    assert "\n" not in str(caught.value)
    assert checkpoint.facts(checkpoint.latest(tmp_path / "state"))["step"] == 10
    assert all(tensor.isfinite().all() for tensor in state_tensors(tmp_path).values())
    assert (tmp_path / "checkpoints" / "last").resolve().name == "step-00000010"


def test_an_evaluation_that_is_not_a_number_stops_the_run(tmp_path):
    trainer = toy_trainer(tmp_path, save_every=5)
    evaluate = trainer.task.evaluate
    trainer.task.evaluate = lambda *given: evaluate(*given) if trainer.step < 20 else {"distance": math.nan}
    with pytest.raises(ZaohuaError, match=r"distance became nan at step 20\. The state after step 15 "):
        trainer.run()
    assert [line["step"] for line in timeless_metrics(tmp_path) if line["kind"] == "eval"] == [10]


def test_two_processes_train_two_networks_like_one(tmp_path):
    """Data-parallel over gloo, no batch norm, which would see each half of the batch alone: both phases' losses and
    the evaluation within 1e-4 over 30 steps."""
    script = str(Path(__file__).parents[1] / "toys.py")
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    for folder, how in (("one", []), ("two", launch)):
        command = [sys.executable, *how, script, str(tmp_path / folder), "30", "--plain"]
        subprocess.run(command, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"}, timeout=120)
    one, two = timeless_metrics(tmp_path / "one"), timeless_metrics(tmp_path / "two")
    assert len(one) == len(two) == 8 + 3
    assert {"loss_critic", "loss_generator", "margin"} <= one[0].keys()
    for first, second in zip(one, two, strict=True):
        assert first.pop("kind") == second.pop("kind")
        assert first == pytest.approx(second, abs=1e-4, rel=0)


def test_several_phases_are_not_sharded(tmp_path):
    with pytest.raises(UsageError, match=r"critic, generator.*train\.parallel=data"):
        toy_trainer(tmp_path, parallel="shard")


def test_other_conditions_than_the_state_s_are_told_in_one_line(tmp_path, monkeypatch):
    toy_trainer(tmp_path, steps=20).run()
    said = []
    monkeypatch.setattr(ProgressBar, "say", lambda self, text: said.append(text))
    again = toy_trainer(tmp_path, steps=20)
    again.run(checkpoint.latest(tmp_path / "state"))
    assert not any("bit for bit" in line for line in said)
    monkeypatch.setattr(torch, "__version__", "9.9.9")
    again = toy_trainer(tmp_path, steps=20, precision="bf16")
    again.run(checkpoint.latest(tmp_path / "state"))
    (line,) = (line for line in said if "bit for bit" in line)
    assert "→ 9.9.9" in line
    assert "precision fp32 → bf16" in line
    assert not {"python", "compile", "device", "processes", "threads"} & set(line.split())


def test_the_numbers_of_processes_and_threads_are_conditions(monkeypatch):
    fp32, one = Precision("fp32", compile=False), Parallel(0, 1, torch.device("cpu"), "single")
    then = fp32.conditions(one)
    assert fp32.changes(then, one) == ""
    monkeypatch.setattr(torch, "get_num_threads", lambda: 99)
    assert fp32.changes(then | {"threads": "3"}, replace(one, world=2)) == "processes 1 → 2, threads 3 → 99"
    assert "threads" not in fp32.conditions(replace(one, device=torch.device("cuda")))


@pytest.mark.parametrize(
    ("flags", "settings", "told"),
    [
        (["amx_bf16"], {}, True),
        (["avx512f"], {}, False),
        (["avx512_bf16"], {"precision": "fp32"}, False),
        (["bf16"], {"precision": "bf16"}, False),
    ],
)
def test_a_processor_s_own_bf16_is_pointed_out_where_nothing_was_chosen(tmp_path, monkeypatch, flags, settings, told):
    said = []
    monkeypatch.setattr(ProgressBar, "say", lambda self, text: said.append(text))
    monkeypatch.setattr("zaohua.training.precision.processor_flags", lambda: flags)
    toy_trainer(tmp_path, steps=2, **settings).run()
    assert any("train.precision=bf16" in line for line in said) == told


@pytest.mark.parametrize(
    ("device", "wanted", "compiles", "compiled"),
    [
        ("cuda", "auto", True, True),
        ("cuda", "auto", False, False),
        ("cuda", True, False, True),
        ("cpu", "auto", True, False),
    ],
)
def test_what_compiles_well_is_compiled_on_a_gpu(monkeypatch, device, wanted, compiles, compiled):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: True)
    chosen = choose(TrainConfig(compile=wanted), torch.device(device), compiles=compiles)
    assert chosen == Precision("bf16" if device == "cuda" else "fp32", compile=compiled)


def test_minutes_become_steps_and_calibration_leaves_no_trace(tmp_path):
    timed = toy_trainer(tmp_path / "timed", steps=None, minutes=0.02)
    counted = toy_trainer(tmp_path / "counted")
    timed.total = timed._budget()
    assert timed.total >= 1
    assert timed.step == 0
    counted.total = timed.total
    for _ in range(5):
        timed.training_step()
        counted.training_step()
    for key, tensor in counted._tensors().items():
        assert torch.equal(tensor, timed._tensors()[key]), key


def test_a_new_budget_in_minutes_goes_on_from_the_saved_state(tmp_path):
    """Calibration takes steps; what was loaded, optimiser memory included, is there after it."""
    toy_trainer(tmp_path, steps=20).run()
    more = toy_trainer(tmp_path, steps=None, minutes=0.02)
    more._loop = lambda *_: {}
    more.run(checkpoint.latest(tmp_path / "state"), keep_budget=False)
    assert more.step == 20
    saved, held = state_tensors(tmp_path), more._tensors()
    assert saved.keys() == held.keys()
    for key, tensor in held.items():
        assert torch.equal(tensor, saved[key]), key


def test_signals_are_left_alone_outside_the_main_thread(tmp_path):
    done = []
    thread = threading.Thread(target=lambda: done.append(toy_trainer(tmp_path, steps=3).run()))
    thread.start()
    thread.join()
    assert math.isfinite(done[0]["distance"])
