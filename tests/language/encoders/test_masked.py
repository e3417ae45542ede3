"""The masked task: from a recipe to a folder that fills in words."""

import json
import random
from pathlib import Path

import pytest
import torch
from resuming import assert_resumes_exactly

from zaohua import hub
from zaohua.errors import ZaohuaError
from zaohua.language.encoders.masked import MaskedRecipe, MaskedTask
from zaohua.recipe import load_recipe, validate
from zaohua.training.parallel import Parallel
from zaohua.training.run import describe, train_recipe
from zaohua.training.task import Draw

CPU = torch.device("cpu")
ALONE = Parallel(rank=0, world=1, device=CPU, mode="single")


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> Path:
    """Sentences of one form."""
    folder = tmp_path_factory.mktemp("masked")
    draw = random.Random(0)
    pairs = [("sun", "day"), ("moon", "night"), ("cloud", "rain"), ("wind", "storm")]
    lines = ["the {} comes and it is {} now".format(*draw.choice(pairs)) for _ in range(900)]
    (folder / "text.txt").write_text("\n".join(lines), encoding="utf-8")
    (folder / "masked.toml").write_text(
        f"""
        task = "masked"
        [data]
        source = "file:{folder / "text.txt"}"
        [tokenizer]
        vocab_size = 330
        [model]
        layers = 1
        width = 32
        context = 24
        dropout = 0.1
        [mask]
        whole_words = true
        [train]
        steps = 12
        batch_size = 8
        accumulate = 2
        log_every = 1
        evaluate_every = 6
        save_every = 5
        tensorboard = false
        [run]
        dir = "{folder / "run"}"
        """
    )
    return folder / "masked.toml"


def prepared(recipe: Path, *settings: str) -> MaskedTask:
    task = MaskedTask(validate(load_recipe(recipe, settings), MaskedRecipe))
    task.prepare(ALONE, visible=False)
    return task


def test_a_stopped_run_goes_on_bit_for_bit(recipe, tmp_path, monkeypatch):
    assert_resumes_exactly(recipe, tmp_path, monkeypatch, after=7)


def test_it_learns_more_than_counting(recipe, tmp_path):
    settings = ("train.steps=150", "train.evaluate_every=150", "train.accumulate=1", "model.dropout=0")
    summary = train_recipe(recipe, *settings, f"run.dir={tmp_path}", quiet=True)
    assert summary["metrics"]["loss"] < summary["baselines"]["ngram"]["loss"] < summary["baselines"]["unigram"]["loss"]
    model = hub.load(tmp_path)
    guesses = model.fill_mask("the moon comes and it is [MASK] now\nthe", top_k=4)[0]
    assert {guess.text for guess in guesses} <= {" day", " night", " rain", " storm"}
    measured = hub.evaluate(tmp_path)
    assert measured["metrics"] == pytest.approx(summary["metrics"], abs=1e-6)
    assert measured["baselines"]["ngram"] == pytest.approx(summary["baselines"]["ngram"])


def test_masks_depend_on_seed_step_and_place_alone(recipe):
    task = prepared(recipe)

    def batch(step: int, indices: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return task.batch(Draw(1, step, 0, indices, CPU), CPU)

    whole, part = batch(3, torch.arange(8)), batch(3, torch.arange(5, 8))
    assert all(torch.equal(a[5:], b) for a, b in zip(whole, part, strict=True))
    epoch = task.corpus.train.num_tokens // task.context // 8 + 1  # the same windows come again, hidden elsewhere
    assert not torch.equal(whole[1], batch(3 + epoch, torch.arange(8))[1])
    inputs, targets = whole
    assert (inputs[:, 0] == task.marks.begin).all()
    assert (inputs[:, -1] == task.marks.end).all()
    assert (targets[:, [0, -1]] == -100).all()


def test_every_validation_token_may_be_asked_for_once(recipe):
    task = prepared(recipe)
    rows = [torch.where(targets >= 0, targets, inputs) for inputs, targets in task._validation()]
    tokens = torch.cat([row[:, 1:-1].flatten() for row in rows])
    assert tokens.tolist() == task.corpus.validation.read(0, task.corpus.validation.num_tokens).tolist()


def test_it_goes_on_from_a_folder(recipe, tmp_path):
    train_recipe(recipe, "train.steps=2", f"run.dir={tmp_path / 'one'}", quiet=True)
    task = prepared(recipe, f"model.base={tmp_path / 'one'}")
    built, base = task.build()["model"].state_dict(), hub.load(tmp_path / "one").encoder.state_dict()
    assert built.keys() == base.keys()
    assert all(torch.equal(built[name], base[name]) for name in base)
    with pytest.raises(ZaohuaError, match="nothing"):
        prepared(recipe, "model.base=nothing")


def test_costs_are_known_before_the_data(recipe):
    plan = describe(load_recipe(recipe))
    task = prepared(recipe)
    assert plan["parameters"] >= task.config.num_parameters()
    assert plan["at_most"] == ["vocab_size"]
    json.dumps(plan)
