"""A translator in use: any picture, any size, and what it cannot do."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from painting import encoded, painted
from PIL import Image

from zaohua import hub
from zaohua.data.pictures.filters import edges
from zaohua.errors import UsageError, ZaohuaError
from zaohua.gan.folder import save_gan
from zaohua.gan.translation.model import TranslationModel
from zaohua.gan.translation.shape import MODEL_TYPE, Shape
from zaohua.i18n import set_language


@pytest.fixture(autouse=True)
def english():
    set_language("en")


def saved(folder: Path, shape: Shape | None = None, back: bool = False, **config) -> Path:
    shape = shape or Shape("unet", 1, 3, 4, 2, 1)
    torch.manual_seed(0)
    networks = {"generator": shape.build().state_dict()} | ({"back": shape.turned.build().state_dict()} if back else {})
    about = {"model_type": MODEL_TYPE, **shape.as_config(), "method": "cycle" if back else "paired", "back": back}
    save_gan(folder, about | {"input": "source", "background": [255, 255, 255], "side": 16} | config, networks)
    return folder


@pytest.mark.parametrize("network", ["unet", "resnet"])
@pytest.mark.parametrize("size", [(1, 1), (7, 30), (64, 40)])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_any_picture_comes_out_at_its_own_size(tmp_path, network, size, mode):
    model = TranslationModel.load(saved(tmp_path / "m", Shape(network, 1, 3, 4, 2, 1)))
    made = model.translate(painted(1, *size, mode))
    assert made.pixels.shape == (size[1], size[0], 3)
    assert made.model == "m"


def test_files_images_and_arrays_are_the_same_picture(tmp_path):
    model, picture = TranslationModel.load(saved(tmp_path / "m")), painted(2, 20, 12)
    (tmp_path / "a.png").write_bytes(encoded(picture))
    made = [model.translate(one).pixels for one in (tmp_path / "a.png", str(tmp_path / "a.png"), picture)]
    made.append(model.translate(np.asarray(picture)).pixels)
    assert all(np.array_equal(made[0], one) for one in made)


def test_what_is_saved_is_opened_again(tmp_path):
    model = TranslationModel.load(saved(tmp_path / "m", back=True))
    model.save(tmp_path / "again")
    again, picture = hub.load(tmp_path / "again"), painted(3, 16, 16)
    for back in (False, True):
        assert np.array_equal(model.translate(picture, back=back).pixels, again.translate(picture, back=back).pixels)
    assert again.translate(picture, back=True).pixels.shape == (16, 16, 1)


def test_a_larger_picture_is_made_smaller_if_wished(tmp_path):
    model = TranslationModel.load(saved(tmp_path / "m"))
    assert model.translate(painted(4, 60, 30), longest=20).pixels.shape == (10, 20, 3)
    assert model.translate(painted(4, 16, 8), longest=20).pixels.shape == (8, 16, 3)


def test_the_filter_of_the_training_makes_the_input(tmp_path):
    model, picture = TranslationModel.load(saved(tmp_path / "m", input="edges")), painted(5, 24, 24)
    drawn = Image.fromarray(edges(np.asarray(picture))[..., 0])
    assert np.array_equal(model.translate(picture, filtered=True).pixels, model.translate(drawn).pixels)


def test_transparency_lies_on_the_ground_of_the_training(tmp_path):
    model = TranslationModel.load(saved(tmp_path / "m", background=[10, 20, 30]))
    clear = Image.new("RGBA", (8, 8), (200, 0, 0, 0))
    solid = Image.new("RGB", (8, 8), (10, 20, 30))
    assert np.array_equal(model.translate(clear).pixels, model.translate(solid).pixels)


def test_wishes_that_cannot_be_met(tmp_path):
    model, picture = TranslationModel.load(saved(tmp_path / "m")), painted(6)
    for wish, says in (({"back": True}, "no way back"), ({"filtered": True}, "filter"), ({"longest": 0}, "at least 1")):
        with pytest.raises(UsageError, match=says):
            model.translate(picture, **wish)
    (tmp_path / "x.png").write_bytes(b"no picture")
    for path in (tmp_path / "x.png", tmp_path / "missing.png", tmp_path):
        with pytest.raises(ZaohuaError, match="cannot read") as caught:
            model.translate(path)
        assert "\n" not in str(caught.value)


def test_a_picture_beyond_the_memory_is_refused_with_the_size_that_fits(tmp_path, monkeypatch):
    model = TranslationModel.load(saved(tmp_path / "m"))
    monkeypatch.setattr("zaohua.gan.translation.model.available_memory", lambda: 10_000_000)
    with pytest.raises(ZaohuaError, match="--longest") as caught:
        model.translate(painted(7, 400, 300))
    fits = int(str(caught.value).rsplit(" ", 1)[1])
    assert model.translate(painted(7, 400, 300), longest=fits).pixels.shape[1] == fits


@pytest.mark.parametrize(
    "change",
    [
        {"width": 0},
        {"width": "four"},
        {"network": "transformer"},
        {"inputs": 2},
        {"depth": 99},
        {"background": "white"},
        {"background": [1, 2]},
        {"back": "yes"},
        {"side": 0},
        {"input": ["edges"]},
        {"back": True},
        {"width": 5},
    ],
)
def test_a_damaged_folder_is_refused_in_one_line(tmp_path, change):
    folder = saved(tmp_path / "m")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8")) | change
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ZaohuaError) as caught:
        TranslationModel.load(folder)
    assert "\n" not in str(caught.value)
