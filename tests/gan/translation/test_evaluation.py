"""A translator is measured again: on its run's held-out pictures, and on any others."""

from pathlib import Path

import pytest
from painting import album
from PIL import Image

from zaohua import hub
from zaohua.errors import UsageError, ZaohuaError
from zaohua.gan.translation.evaluation import evaluate_folder
from zaohua.gan.translation.model import TranslationModel
from zaohua.i18n import set_language
from zaohua.training.run import train_recipe

_RECIPE = """
task = "gan-translate"
[data]
source = "folder:{folder}/made"
input = "folder:{folder}/from"
size = 16
validation = 0.25
[model]
method = "l1"
width = 4
blocks = 1
[train]
steps = 2
batch_size = 4
tensorboard = false
[measure]
extractor = "small-cnn-mnist"
[run]
dir = "{folder}/run"
"""


@pytest.fixture(autouse=True)
def english():
    set_language("en")


def blobs(folder: Path, count: int, first: int, mode: str = "RGB") -> str:
    """Blobs in colour in folder/made and the same in this mode in folder/from: what --data says for both."""
    album(folder / "made", count, first=first, width=16, height=16)
    (folder / "from").mkdir()
    for file in (folder / "made").iterdir():
        with Image.open(file) as picture:
            picture.convert("L").convert(mode).save(folder / "from" / file.name)
    return f"folder:{folder / 'from'},folder:{folder / 'made'}"


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    blobs(folder, 24, 0, "RGBA")
    path = folder / "recipe.toml"
    path.write_text(_RECIPE.format(folder=folder), encoding="utf-8")
    train_recipe(path, "data.input_channels=3", quiet=True)
    return hub.find_model(folder / "run")


def test_the_runs_own_held_out_pictures(model):
    found = evaluate_folder(model, None)
    assert found["pictures"] == 6
    assert found["metrics"].keys() == {"fd", "l1"} == found["baselines"]["copy"].keys()
    assert found["baselines"]["floor"]["fd"] > 0


def test_other_pictures_are_all_measured_on_and_none_of_them_is_the_floor(model, tmp_path):
    found = evaluate_folder(model, blobs(tmp_path, 10, 500, "L"))  # grey ones, for a model that reads colours
    assert found["pictures"] == 10
    assert found["metrics"]["l1"] > 0
    assert found["baselines"].keys() == {"copy"}, "they have not been learnt from"


def test_two_translators_on_the_same_pictures(model, tmp_path):
    TranslationModel.load(model).save(tmp_path / "twin")
    found = evaluate_folder(model, None, beside=str(tmp_path / "twin"))
    assert found["baselines"]["twin"] == pytest.approx(found["metrics"])


def test_what_cannot_be_measured_is_refused_in_one_line(model, tmp_path):
    with pytest.raises(UsageError, match="inputs and targets"):
        evaluate_folder(model, f"folder:{tmp_path}")
    with pytest.raises(UsageError):
        evaluate_folder(model, None, "text")
    TranslationModel.load(model).save(tmp_path / "alone")
    with pytest.raises(ZaohuaError, match="does not lie in a run"):
        evaluate_folder(tmp_path / "alone", None)
