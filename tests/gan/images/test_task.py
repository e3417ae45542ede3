"""The picture task through the real trainer: what a run leaves, exact resume, recipes that cannot be."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from resuming import assert_resumes_exactly
from small_pictures import picture_recipe, prepared

import zaohua
from zaohua.errors import UsageError, ZaohuaError
from zaohua.gan.images.task import ImageTask
from zaohua.hub import evaluate
from zaohua.recipe import load_recipe, validate
from zaohua.training import parallel
from zaohua.training.run import describe, train_recipe
from zaohua.training.task import Draw

CPU = torch.device("cpu")


def test_a_stopped_run_goes_on_bit_for_bit(tmp_path, monkeypatch):
    assert_resumes_exactly(picture_recipe(tmp_path), tmp_path, monkeypatch, after=5)


def test_a_run_leaves_grids_measures_and_a_model(picture_run):
    grids = [np.asarray(Image.open(path)) for path in sorted((picture_run / "samples").glob("*.png"))]
    assert len(grids) == 3
    assert all(grid.shape == grids[0].shape for grid in grids)
    assert not np.array_equal(grids[0], grids[-1])
    assert (picture_run / "contact-sheet.png").is_file()
    assert (picture_run / "nearest.png").is_file()
    summary = json.loads((picture_run / "summary.json").read_text(encoding="utf-8"))
    assert {"fd", "precision", "recall", "density", "coverage"} == set(summary["metrics"])
    assert summary["scores"]["fd"]["value"] > summary["scores"]["fd"]["floor"]
    assert 0 <= summary["realism"]["value"] <= 1
    assert summary["cost"]["images"] == 10 * 8 * 2  # real ones that the discriminator saw
    assert zaohua.load(picture_run).classes == ("blobs", "spots")
    card = (picture_run / "checkpoints" / "last" / "README.md").read_text(encoding="utf-8")
    for word in ('network = "nano16"', "generator parameters", "fd", "blobs"):
        assert word in card


def test_the_model_is_the_averaged_generator(picture_run):
    """What is loaded makes the grid that was sampled at the end of the run, but for the rounding of another layout."""
    task = ImageTask(validate(load_recipe(picture_run / "recipe.toml"), ImageTask.Recipe))
    task.prepare(parallel.start("auto"), visible=False)
    model = zaohua.load(picture_run / "checkpoints" / "last")
    again = task.sample({"generator": model.generator.state_dict()})[0].pixels
    last = max((picture_run / "samples").glob("*.png"))
    assert np.abs(again.astype(int) - np.asarray(Image.open(last))).max() <= 1


def test_pairs_share_their_class_and_an_epoch_sees_every_picture(tmp_path):
    task = prepared(tmp_path, "data.flip=false", "train.discriminator_steps=1")
    count, seen = len(task.pictures.train), []
    for step in range(-(-count // 8)):
        batch = task.batch("discriminator", Draw(1, step, 0, torch.arange(8), CPU), CPU)
        seen += [picture.numpy().tobytes() for picture in ((batch.real + 1) * 127.5).round().to(torch.uint8)]
        known = {picture.numpy().tobytes(): int(label) for picture, label in zip(*task._real, strict=True)}
        assert [known[picture] for picture in seen[-8:]] == batch.condition.tolist()
    assert len(set(seen[:count])) == len(set(known))


def test_repeats_of_the_discriminator_see_other_pictures(tmp_path):
    task = prepared(tmp_path)
    first, second = (task.batch("discriminator", Draw(1, 3, repeat, torch.arange(8), CPU), CPU) for repeat in (0, 1))
    assert not torch.equal(first.real, second.real)
    assert not torch.equal(first.latent, second.latent)


def test_the_dial_says_the_size(tmp_path):
    recipe = picture_recipe(tmp_path)
    assert "size = 16" in describe(load_recipe(recipe))["recipe"]
    with pytest.raises(UsageError, match=r"data\.size = 32"):
        describe(load_recipe(recipe, ["data.size=32"]))
    with pytest.raises(UsageError, match="such as nano32"):
        describe(load_recipe(recipe, ["model.network=nano17"]))


@pytest.mark.parametrize(("size", "gamma"), [(16, 2.0), (32, 8.0), (64, 2.0), (128, 8.0)])
def test_gamma_grows_with_the_area_from_32_and_from_64_pixels(tmp_path, size, gamma):
    found = describe(load_recipe(picture_recipe(tmp_path), [f"model.network=nano{size}"]))
    assert f"gamma = {gamma}" in found["recipe"]


def test_a_plan_counts_what_a_run_takes(tmp_path):
    """The same costs as those of the run, for colour and without classes, which the plan cannot know."""
    plan = describe(load_recipe(picture_recipe(tmp_path), ["data.classes=false"]))
    task = prepared(tmp_path, "data.classes=false")
    modules = task.build()
    assert plan["parameters"] == sum(p.numel() for module in modules.values() for p in module.parameters())
    assert plan["flops_per_step"] == task.flops_per_step()
    assert plan["units_per_step"] == {"images": 16}


def test_measuring_again_says_the_same_floor(picture_run):
    found = evaluate(picture_run, visible=False)
    kept = json.loads((picture_run / "summary.json").read_text(encoding="utf-8"))["scores"]
    assert found["baselines"]["floor"]["fd"] == pytest.approx(kept["fd"]["floor"])
    assert found["metrics"].keys() == found["baselines"]["floor"].keys()


def test_a_folder_away_from_its_run_is_measured_on_named_pictures(picture_run, tmp_path):
    alone = tmp_path / "model"
    shutil.copytree((picture_run / "checkpoints" / "last").resolve(), alone)
    with pytest.raises(ZaohuaError, match="--data"):
        evaluate(alone, visible=False)
    source = f"folder:{picture_run.parent / 'album'}"
    found = evaluate(alone, source, visible=False, features="small-cnn-fashion", samples=16)
    assert found["scores"]["extractor"].startswith("small-cnn-fashion@")
    with pytest.raises(UsageError, match="--column"):
        evaluate(alone, source, "text", visible=False)


def test_bad_sources_are_one_line_and_leave_no_run(tmp_path):
    (tmp_path / "empty").mkdir()
    for source in (f"folder:{tmp_path / 'empty'}", f"folder:{tmp_path / 'nowhere'}", "builtin:nothing"):
        with pytest.raises(ZaohuaError) as caught:
            train_recipe(picture_recipe(tmp_path), f"data.source={source}", quiet=True)
        assert "\n" not in str(caught.value)
        assert not (tmp_path / "run" / "recipe.toml").exists()
