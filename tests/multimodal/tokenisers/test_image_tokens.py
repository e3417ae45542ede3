"""Pictures as tokens: from a recipe to a folder that writes and reads them, stopped on the way, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from painting import album, painted
from resuming import assert_resumes_exactly

import zaohua
from zaohua import cli, hub
from zaohua.data.pictures import PictureConfig, read_pictures
from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import set_language
from zaohua.multimodal.tokenisers.images.measures import one_colour, psnr, small
from zaohua.multimodal.tokenisers.images.model import ImageTokeniser
from zaohua.multimodal.tokenisers.images.network import ImageShape
from zaohua.multimodal.tokenisers.images.vary import varied
from zaohua.recipe import load_recipe
from zaohua.training.run import describe, train_recipe

_RECIPE = """
task = "image-tokens"
[data]
source = "folder:{folder}/album"
size = 16
validation = 0.25
flip = true
[model]
width = 16
blocks = 1
discriminator_width = 4
discriminator_layers = 1
[vary]
colours = 0.5
[loss]
begin = 0.5
[train]
steps = 8
batch_size = 4
accumulate = 2
log_every = 1
evaluate_every = 4
save_every = 3
tensorboard = false
[measure]
extractor = "small-cnn-mnist"
[run]
dir = "{folder}/run"
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> Path:
    set_language("en")
    folder = tmp_path_factory.mktemp("tokens")
    album(folder / "album", 24, width=16, height=16)
    path = folder / "recipe.toml"
    path.write_text(_RECIPE.format(folder=folder), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(recipe: Path) -> Path:
    train_recipe(recipe, quiet=True)
    return recipe.parent / "run"


def untrained(channels: int = 3, size: int = 16) -> ImageTokeniser:
    torch.manual_seed(0)
    form = ImageShape(channels, size, 16, 1, 1)
    return ImageTokeniser(form.build().eval(), form, {"fit": "pad", "background": [255, 255, 255], "credit": ""})


@pytest.mark.parametrize("after", [3, 5])
def test_a_stopped_run_goes_on_bit_for_bit(recipe, tmp_path, monkeypatch, after):
    """Stopped before the duel begins, and after."""
    assert_resumes_exactly(recipe, tmp_path, monkeypatch, after=after)


def test_the_discriminator_moves_only_once_the_duel_has_begun(recipe, run, tmp_path):
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    trained = [line for line in lines if line["kind"] == "train"]
    assert ["score_real" in line for line in trained] == [False] * 4 + [True] * 4
    assert all("l1" in line for line in trained)


def test_a_run_leaves_a_tokeniser_with_measures_and_pictures(run):
    summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    assert {"fd", "l1", "psnr", "codes_used", "code_perplexity"} <= summary["metrics"].keys()
    assert set(summary["baselines"]) == {"small", "one_colour", "floor"}
    assert list((run / "samples").glob("*.png"))
    model = zaohua.load(run)
    assert isinstance(model, ImageTokeniser)
    assert (model.codes, model.shape, model.size, model.channels) == (1000, (8, 8), 16, 3)
    again = hub.evaluate(run)
    assert again["pictures"] == 6
    assert again["metrics"].keys() == summary["metrics"].keys()
    assert again["baselines"]["small"] == pytest.approx(summary["baselines"]["small"])


def test_what_is_learnt_comes_nearer_than_a_mean_colour(recipe, tmp_path):
    settings = ["train.steps=80", "train.evaluate_every=80", "loss.begin=1", "model.width=32"]
    summary = train_recipe(recipe, *settings, f"run.dir={tmp_path / 'learnt'}", quiet=True)
    assert summary["metrics"]["l1"] < 0.75 * summary["baselines"]["one_colour"]["l1"]
    assert summary["metrics"]["code_perplexity"] > 20


@pytest.mark.parametrize(("channels", "size"), [(1, 16), (3, 32), (4, 64)])
def test_a_saved_model_says_the_same(channels, size, tmp_path):
    model = untrained(channels, size)
    pictures = torch.randint(0, 256, (3, channels, size, size), dtype=torch.uint8)
    model.save(tmp_path / "saved")
    again = zaohua.load(tmp_path / "saved")
    ids = model.encode(pictures)
    assert ids.shape == (3, 8, 8)
    assert ids.dtype == torch.int64
    assert torch.equal(again.encode(pictures), ids)
    made = again.decode(ids)
    assert (made.dtype, made.shape) == (torch.uint8, pictures.shape)
    assert torch.equal(made, model.decode(ids))
    assert torch.equal(again.decode(ids.flatten(1)), made)
    assert (again.form, again.look) == (model.form, model.look)


def test_tokens_can_be_learnt_from():
    """They are plain tensors, not ones that autograd refuses to keep."""
    model = untrained()
    ids = model.encode(torch.zeros(1, 3, 16, 16, dtype=torch.uint8))
    torch.nn.Embedding(1000, 2)(ids).sum().backward()


def test_any_picture_is_made_fit(tmp_path):
    painted(1, 40, 24).save(tmp_path / "wide.png")
    for model in (untrained(1), untrained(3), untrained(4)):
        for source in (tmp_path / "wide.png", painted(2, 9, 9, "L"), np.asarray(painted(3, 16, 30, "RGBA"))):
            assert model.pixels(source).shape == (1, model.channels, 16, 16)
        assert model.copy(tmp_path / "wide.png").pixels.shape == (16, 16, model.channels)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda model, place: model.encode(torch.zeros(1, 3, 32, 32, dtype=torch.uint8)), "model.pixels"),
        (lambda model, place: model.encode(torch.zeros(1, 3, 16, 16)), "uint8"),
        (lambda model, place: model.decode(torch.full((1, 8, 8), 1000)), "below 1000"),
        (lambda model, place: model.decode(torch.full((1, 64), -1)), "below 1000"),
        (lambda model, place: model.decode(torch.zeros(1, 63, dtype=torch.int64)), "[N, 64]"),
        (lambda model, place: model.decode(torch.zeros(1, 8, 8)), "whole numbers"),
        (lambda model, place: model.copy(place / "none.png"), "none.png"),
    ],
)
def test_what_cannot_be_is_one_line(call, message, tmp_path):
    set_language("en")
    with pytest.raises(ZaohuaError) as caught:
        call(untrained(), tmp_path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("levels", [1, 5]),
        ("levels", [256] * 3),
        ("levels", "many"),
        ("width", 15),
        ("size", 20),
        ("background", [300, 0, 0]),
        ("blocks", 2),
    ],
)
def test_a_damaged_folder_is_refused(key, value, tmp_path):
    set_language("en")
    untrained().save(tmp_path / "model")
    config = json.loads((tmp_path / "model" / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "model" / "config.json").write_text(json.dumps({**config, key: value}), encoding="utf-8")
    with pytest.raises(ZaohuaError) as caught:
        zaohua.load(tmp_path / "model")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("model.levels=[300,5]", "levels"),
        ("model.levels=[200,200,200]", "levels"),
        ("model.width=17", "width"),
        ("measure.extractor=inception", "extractor"),
        ("data.source=folder:nowhere", "nowhere"),
        ("loss.begin=2", "begin"),
    ],
)
def test_a_wrong_setting_is_one_line(recipe, tmp_path, setting, message):
    with pytest.raises(ZaohuaError) as caught:
        train_recipe(recipe, setting, f"run.dir={tmp_path / 'x'}", quiet=True)
    assert "\n" not in str(caught.value)
    assert message in str(caught.value)


def test_other_pictures_can_be_measured_and_columns_cannot(run, tmp_path):
    album(tmp_path / "others", 12, first=50, width=20, height=20)
    assert hub.evaluate(run, f"folder:{tmp_path / 'others'}")["pictures"] >= 1
    with pytest.raises(UsageError):
        hub.evaluate(run, f"folder:{tmp_path / 'others'}", "text")


def test_a_plan_is_known_without_the_data(recipe):
    plan = describe(load_recipe(recipe, ["data.source=folder:nowhere"]))
    assert plan["steps"] == 8
    assert plan["flops"] > 0


def test_the_command_line_shows_what_tokens_keep(tmp_path, capsys):
    untrained().save(tmp_path / "model")
    painted(1, 40, 24).save(tmp_path / "wide.png")
    arguments = ["translate", str(tmp_path / "model"), str(tmp_path / "wide.png"), "--out", str(tmp_path / "copy.png")]
    assert cli.run([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["size"] == [16, 16]
    assert (tmp_path / "copy.png").is_file()
    assert cli.run([*arguments, "--back"]) == 2
    assert cli.run(["translate", str(tmp_path / "model"), str(tmp_path)]) == 2


# ---- what pictures are compared with, and how they vary


def test_psnr_by_its_definition():
    one, other = torch.randint(0, 256, (2, 3, 3, 16, 16), dtype=torch.uint8)
    wanted = [
        10 * np.log10(255**2 / np.mean((a.numpy().astype(float) - b.numpy().astype(float)) ** 2))
        for a, b in zip(one, other, strict=True)
    ]
    assert psnr(one, other) == pytest.approx(np.mean(wanted))
    assert psnr(one, one) > psnr(one, (one.int() ^ 1).to(torch.uint8))


def test_as_many_bits_without_a_network():
    """No more than 1,000 colours in 64 places; a picture of one colour is nearly kept."""
    pictures = torch.randint(0, 256, (4, 3, 32, 32), dtype=torch.uint8)
    assert small(pictures, 1000).shape == pictures.shape
    flat = torch.full((1, 3, 32, 32), 200, dtype=torch.uint8)
    assert (small(flat, 1000).int() - flat.int()).abs().max() <= 255 / 9 / 2 + 1
    assert torch.equal(one_colour(flat), flat)


def test_pictures_vary_by_their_keys_alone():
    x = torch.rand(6, 3, 16, 16)
    keys = torch.arange(6, dtype=torch.int32) * 7919
    whole = varied(x, keys, shift=0.25, colours=0.5)
    parts = torch.cat([varied(x[part], keys[part], shift=0.25, colours=0.5) for part in (slice(0, 2), slice(2, 6))])
    assert torch.equal(whole, parts)
    assert torch.equal(varied(x, keys, shift=0.0, colours=0.0), x)
    grey = torch.rand(6, 1, 16, 16).expand(-1, 3, -1, -1)
    assert torch.equal(varied(grey, keys, shift=0.0, colours=1.0), grey)
    seen = varied(x, keys, shift=0.0, colours=1.0)
    assert torch.equal(seen.sort(1).values, x.sort(1).values)
    assert not torch.equal(seen, x)


def test_transparency_is_no_colour():
    x = torch.rand(8, 4, 16, 16)
    assert torch.equal(varied(x, torch.arange(8, dtype=torch.int32), shift=0.0, colours=1.0)[:, 3], x[:, 3])


def test_the_pictures_held_back_are_those_of_the_named_set():
    """A tokeniser must not have seen what a model of pictures with names is to be tested on."""
    from zaohua.data.captioned import CaptionedConfig, read_captioned

    ours = read_pictures(PictureConfig(source="builtin:openmoji", size=16, channels=3), 1)
    theirs = read_captioned(CaptionedConfig(source="builtin:openmoji-names", size=16), 1)
    assert set(ours.validation_names) == set(theirs.validation.names)
    assert set(ours.train_names) == set(theirs.train.names)
