"""Towers that look at pictures by a frozen network: what is learnt, saved, opened, searched and refused."""

import json
import shutil
from pathlib import Path

import looking
import numpy as np
import pytest
import small_towers
import torch
from resuming import assert_resumes_exactly

from zaohua import hub
from zaohua.errors import UsageError, ZaohuaError
from zaohua.multimodal import sight as sights
from zaohua.multimodal.contrastive.index import index_folder
from zaohua.multimodal.contrastive.seeing import chosen_views, more_views
from zaohua.multimodal.contrastive.task import ContrastiveTask
from zaohua.multimodal.sight import Eye
from zaohua.recipe import load_recipe, validate
from zaohua.training import parallel
from zaohua.training.run import describe, train_recipe
from zaohua.training.task import Draw

SIGHT = f"model.sight={looking.NAME}"


@pytest.fixture(scope="module", autouse=True)
def eye() -> Eye:
    """The only one that can be had in this file."""
    eye = looking.untrained_eye()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sights, "open_extractor", lambda name: eye.extractor)
        yield eye


@pytest.fixture(scope="module")
def seeing_towers(tmp_path_factory) -> Path:
    """A run folder; the squares it learnt from are in album/ beside it."""
    folder = tmp_path_factory.mktemp("seen")
    recipe = small_towers.picture_recipe(folder, steps=80)
    train_recipe(recipe, SIGHT, "views.count=2", "train.evaluate_every=80", "train.save_every=80", quiet=True)
    return folder / "run"


@pytest.fixture(scope="module")
def model(seeing_towers):
    return hub.load(seeing_towers)


def _task(tmp_path, *settings: str) -> ContrastiveTask:
    recipe = load_recipe(small_towers.picture_recipe(tmp_path), [SIGHT, *settings])
    task = ContrastiveTask(validate(recipe, ContrastiveTask.Recipe))
    task.prepare(parallel.start("auto"), visible=False)
    return task


def test_a_stopped_run_goes_on_bit_for_bit(tmp_path, monkeypatch):
    recipe = small_towers.picture_recipe(tmp_path)
    text = recipe.read_text(encoding="utf-8").replace("[model]", f'[model]\nsight = "{looking.NAME}"')
    recipe.write_text(text.replace("[train]", "[loss]\nwithin = 0.5\n[train]\ncache = 10"), encoding="utf-8")
    assert_resumes_exactly(recipe, tmp_path, monkeypatch, after=5)


def test_each_view_is_looked_at_once_and_every_batch_takes_of_them(tmp_path, eye):
    task = _task(tmp_path, "views.count=3", "data.flip=true")
    pictures = task.data.train.media
    assert task.views.shape == (3, len(pictures), 4 * 432 + 1280)
    assert torch.equal(task.views[0], eye.look(pictures))
    assert not torch.equal(task.views[1], task.views[2])
    (seen,), _ = task.batch(Draw(1, 0, 0, torch.arange(24), torch.device("cpu")), torch.device("cpu"))["views"][0]
    known = task.views.flatten(0, 1)
    assert all((known == each).all(1).any() for each in seen)
    again = _task(tmp_path, "views.count=3", "data.flip=true")
    assert torch.equal(task.views, again.views)
    assert task.build()["model"].media.stem.whole_mean.abs().sum() > 0


def test_views_follow_from_their_pictures_and_keys_alone(eye):
    pictures = torch.randint(0, 255, (5, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    how = {"crop": 0.2, "colour": 0.2, "mirror": True, "visible": False}
    one, two = more_views(eye, pictures, 2, 7, **how)
    assert torch.equal(one, more_views(eye, pictures, 1, 7, **how)[0])
    views = torch.stack((eye.look(pictures), one, two))
    keys = torch.arange(60, dtype=torch.int32) * 77
    things = torch.arange(60) % 5
    chosen = chosen_views(views, things, keys)
    assert torch.equal(chosen[10:20], chosen_views(views, things[10:20], keys[10:20]))
    assert all((chosen == view[things]).all(1).any() for view in views)


def test_squares_and_their_captions_find_each_other(seeing_towers):
    summary = json.loads((seeing_towers / "summary.json").read_text(encoding="utf-8"))
    luck = summary["baselines"]["chance"]["recall_at_1"]
    assert summary["metrics"]["recall_at_1"] > 0.4 > 2 * luck
    assert summary["baselines"]["neighbours_seen"]["recall_at_1"] > 2 * luck
    assert summary["baselines"]["neighbours_seen"] != summary["baselines"]["neighbours"]


def test_evaluate_says_again_what_the_run_said(seeing_towers):
    said = json.loads((seeing_towers / "summary.json").read_text(encoding="utf-8"))
    again = hub.evaluate(seeing_towers)
    assert again["metrics"] == pytest.approx(said["metrics"], abs=1e-5)
    assert again["baselines"] == said["baselines"]


def test_the_card_names_the_network_and_its_licence(seeing_towers, eye, picture_towers):
    card = (seeing_towers / "checkpoints" / "last" / "README.md").read_text(encoding="utf-8")
    assert card.count(eye.extractor.name) >= 2
    assert "Apache-2.0" in card
    assert "neighbours_seen" in card
    card = (picture_towers / "checkpoints" / "last" / "README.md").read_text(encoding="utf-8")
    assert "Apache-2.0" not in card


def test_a_copy_of_the_folder_sees_the_same(model, tmp_path):
    model.save(tmp_path / "copy")
    copy = hub.load(tmp_path / "copy")
    pictures = [small_towers.square("red", "top", 1), small_towers.square("blue", "bottom", 2)]
    assert np.array_equal(copy.embed_picture(pictures), model.embed_picture(pictures))
    assert copy.similarity(pictures, ["red", "蓝色"]).shape == (2, 2)
    assert copy.classify(pictures, ["red", "blue"])[0].label in ("red", "blue")
    assert copy.config == model.config
    assert sum(p.numel() for p in copy.towers.parameters()) == copy.config.num_parameters()


def test_a_folder_is_searched(model, seeing_towers, tmp_path):
    index = index_folder(model, seeing_towers.parent / "album", place=tmp_path / "index")
    hits = index.search(model, "red at the top", 10)
    assert sum(hit.name.startswith("red-top") for hit in hits) >= 5
    assert index_folder(model, seeing_towers.parent / "album", place=tmp_path / "index").looked_at == 0


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["model.sight=efficientnet-lite1-128"], "efficientnet-lite0-128"),
        (["model.sight=small-cnn-mnist"], "efficientnet-lite0-128"),
        ([SIGHT, "data.kind=sounds"], "sounds"),
    ],
)
def test_recipes_that_cannot_be(tmp_path, settings, said):
    recipe = small_towers.picture_recipe(tmp_path)
    with pytest.raises(UsageError, match=said) as error:
        train_recipe(recipe, *settings, quiet=True)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "change",
    [
        {"sight": "efficientnet-lite1-128@00000000"},
        {"sight": ["efficientnet-lite0-64"]},
        {"sight": "efficientnet-lite0-224@00000000"},
        {"sight": ""},
        {"kind": "sounds"},
    ],
)
def test_damaged_descriptions_are_refused_in_one_line(seeing_towers, tmp_path, change):
    folder = tmp_path / "model"
    shutil.copytree((seeing_towers / "checkpoints" / "last").resolve(), folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8")) | change
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ZaohuaError) as error:
        hub.load(folder)
    assert "\n" not in str(error.value)


def test_other_eyes_than_it_learnt_with_are_refused(model, tmp_path):
    model.save(tmp_path / "model")
    config = json.loads((tmp_path / "model" / "config.json").read_text(encoding="utf-8"))
    config["sight"] = f"{looking.NAME}@ffffffff"
    (tmp_path / "model" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    other = hub.load(tmp_path / "model")
    assert other.embed_text("red").shape == (1, 32)
    with pytest.raises(UsageError, match="ffffffff"):
        other.embed_picture(small_towers.square("red", "top", 1))


def test_a_dry_run_tells_the_cost_without_the_network(tmp_path, monkeypatch):
    def opened(name: str) -> None:
        raise AssertionError(name)

    recipe = load_recipe(small_towers.picture_recipe(tmp_path), [SIGHT, "data.source=folder:/nowhere"])
    task = _task(tmp_path)
    monkeypatch.setattr(sights, "open_extractor", opened)
    plan = describe(recipe)
    assert abs(plan["parameters"] - task.config.num_parameters()) < 200 * 32 + 1
    assert task.config.num_parameters() == sum(p.numel() for p in task.build()["model"].parameters())
