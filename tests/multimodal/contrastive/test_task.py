"""The contrastive task through the trainer: exact resume, what is learnt and left, recipes that cannot be."""

import json

import pytest
import small_towers
import torch
from resuming import assert_resumes_exactly

from zaohua.errors import UsageError, ZaohuaError
from zaohua.hub import evaluate
from zaohua.multimodal.contrastive.task import ContrastiveTask
from zaohua.recipe import load_recipe, validate
from zaohua.training import parallel
from zaohua.training.run import describe, train_recipe
from zaohua.training.task import Draw


def test_a_stopped_run_goes_on_bit_for_bit(tmp_path, monkeypatch):
    recipe = small_towers.picture_recipe(tmp_path)
    text = recipe.read_text(encoding="utf-8").replace(
        "[train]", "[loss]\nwithin = 0.5\nnear = 0.8\n[train]\ncache = 10"
    )
    recipe.write_text(text, encoding="utf-8")
    assert_resumes_exactly(recipe, tmp_path, monkeypatch, after=5)


def test_squares_and_their_captions_find_each_other(picture_towers):
    summary = json.loads((picture_towers / "summary.json").read_text(encoding="utf-8"))
    found, luck = summary["metrics"], summary["baselines"]["chance"]
    for language in ("en", "zh"):
        for way in ("find", "name"):
            name = f"{language}_{way}_recall_at_1"
            assert found[name] > 0.6 > 2 * luck[name]
    assert found["missed_at_10"] == pytest.approx(1 - found["recall_at_10"])
    card = (picture_towers / "checkpoints" / "last" / "README.md").read_text(encoding="utf-8")
    for word in ("recall at 10", "chance", 'task = "contrastive"', "zaohua search"):
        assert word in card


def test_tones_and_their_captions_find_each_other(sound_towers):
    summary = json.loads((sound_towers / "summary.json").read_text(encoding="utf-8"))
    assert summary["metrics"]["recall_at_1"] > 0.8 > 2 * summary["baselines"]["chance"]["recall_at_1"]


def test_evaluate_says_again_what_the_run_said(picture_towers, tmp_path):
    said = json.loads((picture_towers / "summary.json").read_text(encoding="utf-8"))
    again = evaluate(picture_towers)
    assert again["metrics"] == pytest.approx(said["metrics"], abs=1e-5)
    assert again["baselines"] == said["baselines"]
    others = small_towers.squares(tmp_path / "others", each=6)
    assert evaluate(picture_towers, f"folder:{others}")["metrics"]["recall_at_1"] > 0.6


def _draws(tmp_path, *settings: str) -> tuple[ContrastiveTask, dict, Draw]:
    recipe = small_towers.picture_recipe(tmp_path)
    task = ContrastiveTask(validate(load_recipe(recipe, settings), ContrastiveTask.Recipe))
    task.prepare(parallel.start("auto"), visible=False)
    draw = Draw(1, 3, 0, torch.arange(task.batch_size), torch.device("cpu"))
    return task, task.batch(draw, torch.device("cpu")), draw


def test_captions_that_recur_in_a_batch_are_answers(tmp_path):
    _, batch, _ = _draws(tmp_path)
    positives = batch["positives"]
    assert positives.diagonal().all()
    assert positives.sum() > len(positives)
    _, batch, _ = _draws(tmp_path, "loss.equal=false")
    assert batch["positives"] is None


def test_the_loss_is_the_same_however_much_is_in_memory_at_once(tmp_path):
    losses = []
    for cache in ("train.cache=7", "train.cache=1000"):
        task, batch, draw = _draws(tmp_path, cache, "loss.within=0.3")
        losses.append(float(task.loss(task.build()["model"], batch, draw)[0].detach()))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("train.accumulate=2", "train.cache"),
        ("data.kind=clips", "pictures or sounds"),
        ("model.patch=32", "multiple"),
        ("model.width=40", "multiple"),
        ("loss.kind=triplet", "softmax"),
    ],
)
def test_recipes_that_cannot_be(tmp_path, setting, said):
    recipe = small_towers.picture_recipe(tmp_path)
    with pytest.raises(UsageError, match=said) as error:
        train_recipe(recipe, setting, quiet=True)
    assert "\n" not in str(error.value)


def test_pairs_without_a_caption_are_named_and_none_at_all_is_an_error(tmp_path):
    recipe = small_towers.picture_recipe(tmp_path)
    for path in (tmp_path / "album").glob("*.txt"):
        path.write_text("", encoding="utf-8")
    with pytest.raises(ZaohuaError) as error:
        train_recipe(recipe, quiet=True)
    assert "\n" not in str(error.value)


def test_a_dry_run_tells_the_cost_without_the_data(tmp_path):
    recipe = small_towers.picture_recipe(tmp_path)
    plan = describe(load_recipe(recipe, ["data.source=folder:/nowhere"]))
    task, _, _ = _draws(tmp_path)
    assert plan["steps"] == 12
    assert plan["units_per_step"]["images"] == 24
    assert abs(plan["parameters"] - task.config.num_parameters()) < 200 * 32 + 1
