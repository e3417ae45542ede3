"""gamma = "auto": the best of three short trials, the same each time, and no trace of them."""

import math

import pytest
import torch
from small_pictures import picture_recipe, prepared

from zaohua.errors import UsageError, ZaohuaError
from zaohua.gan import gamma as gammas
from zaohua.training import checkpoint, parallel
from zaohua.training.run import train_recipe
from zaohua.training.trainer import Trainer


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(gammas.choose_gamma, "__kwdefaults__", {**gammas.choose_gamma.__kwdefaults__, "steps": 2})


def test_it_takes_the_trial_with_the_best_measure(tmp_path, monkeypatch):
    task, tried = prepared(tmp_path), []

    def evaluate(trainer):
        tried.append(trainer.task.recipe.regulariser.gamma)
        return {"fd": {0.25: 3.0, 1.0: 2.0, 4.0: 1.0}[tried[-1] / task.usual_gamma()]}

    monkeypatch.setattr(Trainer, "evaluate", evaluate)
    assert gammas.choose_gamma(task, parallel.start("auto"), steps=1) == 4 * task.usual_gamma()
    assert len(tried) == 3
    assert task.recipe.regulariser.gamma == task.usual_gamma()  # of whoever asked, nothing has changed


def test_a_trial_that_falls_apart_is_none(tmp_path, monkeypatch):
    task, usual = prepared(tmp_path), prepared(tmp_path).usual_gamma()

    def step(trainer):
        if trainer.task.recipe.regulariser.gamma != usual:
            raise ZaohuaError("loss became nan")

    monkeypatch.setattr(Trainer, "training_step", step)
    monkeypatch.setattr(Trainer, "evaluate", lambda trainer: {"fd": 1e9})
    assert gammas.choose_gamma(task, parallel.start("auto"), steps=1) == usual
    monkeypatch.setattr(Trainer, "evaluate", lambda trainer: {"fd": math.nan})
    assert gammas.choose_gamma(task, parallel.start("auto"), steps=1) == usual


def test_a_run_keeps_what_was_chosen_and_is_the_run_with_that_gamma(tmp_path, short):
    recipe = picture_recipe(tmp_path)
    train_recipe(recipe, f"run.dir={tmp_path}/auto", "regulariser.gamma=auto", quiet=True)
    state = checkpoint.latest(tmp_path / "auto" / "state")
    chosen = checkpoint.facts(state)["resolved"]["regulariser"]["gamma"]
    assert isinstance(chosen, float)
    assert f"gamma = {chosen}" in (tmp_path / "auto" / "recipe.toml").read_text(encoding="utf-8")
    assert "gamma by fd" in (tmp_path / "auto" / "log.txt").read_text(encoding="utf-8")
    train_recipe(recipe, f"run.dir={tmp_path}/given", f"regulariser.gamma={chosen}", quiet=True)
    one, other = (checkpoint.Reader(checkpoint.latest(tmp_path / name / "state")) for name in ("auto", "given"))
    assert all(torch.equal(one.whole(key), other.whole(key)) for key in one.names())


def test_only_r1_and_r2_have_such_a_weight(tmp_path):
    with pytest.raises(UsageError, match="gamma = 'auto'"):
        prepared(tmp_path, "regulariser.gamma=auto", "regulariser.kind=gradient_penalty")
