"""The masked task: from a recipe to a folder that fills in words."""

from pathlib import Path

import pytest
import small_runs
import torch

from zaohua import hub
from zaohua.errors import UsageError, ZaohuaError
from zaohua.language.encoders.masked import MaskedRecipe, MaskedTask
from zaohua.recipe import load_recipe, validate
from zaohua.training.parallel import Parallel
from zaohua.training.run import train_recipe
from zaohua.training.task import Draw

CPU = torch.device("cpu")
ALONE = Parallel(rank=0, world=1, device=CPU, mode="single")


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> Path:
    """Sentences of one form."""
    return small_runs.masked(tmp_path_factory.mktemp("masked"))


def prepared(recipe: Path, *settings: str) -> MaskedTask:
    task = MaskedTask(validate(load_recipe(recipe, settings), MaskedRecipe))
    task.prepare(ALONE, visible=False)
    return task


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


def test_texts_to_fill_are_looked_at_before_training(recipe):
    for text, says in (("no mark", r"no \[MASK\]"), ("[MASK]" + " the" * 40, "reads 24 at most")):
        with pytest.raises(UsageError, match=says):
            prepared(recipe, f"sample.texts=['{text}']")
