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
from pathlib import Path

import pytest
import torch
from toys import toy_trainer

from zaohua.errors import ZaohuaError
from zaohua.training import checkpoint
from zaohua.training.monitor import TIME_FIELDS
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

    original = trainer.training_step

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
