"""zaohua translate: pictures in, pictures out."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from painting import album, encoded, painted
from PIL import Image

from zaohua import labels
from zaohua.data.pictures.filters import edges
from zaohua.gan.folder import save_gan
from zaohua.gan.translation.model import TranslationModel
from zaohua.gan.translation.shape import MODEL_TYPE, Shape


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    folder, shape = tmp_path_factory.mktemp("models") / "colours", Shape("unet", 1, 3, 4, 2, 1)
    torch.manual_seed(0)
    about = {
        "model_type": MODEL_TYPE,
        **shape.as_config(),
        "side": 16,
        "method": "paired",
        "input": "edges",
        "credit": "By someone",
    }
    save_gan(folder, about, {"generator": shape.build().state_dict()})
    return str(folder)


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def pixels(path: Path | str) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def test_one_picture(zaohua, model):
    Path("in.png").write_bytes(encoded(painted(1, 30, 20)))
    done = zaohua("translate", model, "in.png")
    assert done.code == 0
    assert done.out == "written: in-translated.png\n"
    assert "By someone" in done.err
    assert np.array_equal(pixels("in-translated.png"), TranslationModel.load(model).translate("in.png").pixels)
    assert labels.read("in-translated.png").model == "colours"
    done = zaohua("translate", model, "in.png", "--out", "new/out.webp", "--filter", "--json")
    assert json.loads(done.out)["files"] == [{"input": "in.png", "output": "new/out.webp", "size": [30, 20]}]


def test_a_folder_and_its_sheet(zaohua, model):
    album(Path("a/b"), 3, width=20, height=12)
    Path("a/b/0001.png").write_bytes(b"broken")
    Path("a/x.jpg").write_bytes(encoded(painted(9), "JPEG"))
    Path("a/x.png").write_bytes(encoded(painted(9)))
    done = zaohua("translate", model, "a", "--sheet", "sheet.png", "--filter", "--json")
    assert done.code == 0
    found = json.loads(done.out)
    made = {one["input"]: one["output"] for one in found["files"]}
    assert made == {
        "a/b/0000.png": "a-translated/b/0000.png",
        "a/b/0002.png": "a-translated/b/0002.png",
        "a/x.jpg": "a-translated/x.jpg.png",
        "a/x.png": "a-translated/x.png.png",
    }
    assert [one["input"] for one in found["skipped"]] == ["a/b/0001.png"]
    assert pixels(made["a/b/0000.png"]).shape == (12, 20, 3)
    assert labels.read("sheet.png") is not None
    before = edges(pixels("a/b/0000.png"))[..., 0].repeat(2, 0).repeat(2, 1)
    sheet = pixels("sheet.png")[..., 0]
    assert any((window == before).all() for window in _windows(sheet, before.shape)), "the filtered picture is shown"


def _windows(sheet: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return np.lib.stride_tricks.sliding_window_view(sheet, shape).reshape(-1, *shape)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["missing.png"], "nothing of that name"),
        ([""], "nothing to translate"),
        ([" "], "nothing to translate"),
        (["in.png\0"], "NUL"),
        (["in.png", "--out", "in.png"], "write over"),
        (["in.png", "--out", "out.txt"], ".txt"),
        (["in.png", "--out", "a"], "already there"),
        (["a", "--out", "out.png"], "a folder for its pictures"),
        (["a", "--out", "a"], "write over"),
        (["in.png", "--back"], "no way back"),
        (["in.png", "--longest", "0"], "at least 1 pixel"),
        (["in.png", "--sheet", "sheet.txt"], ".txt"),
        (["in.png", "--sheet", "in.png"], "over the picture in.png"),
        (["in.png", "--out", "x.png", "--sheet", "x.png"], "over the picture x.png"),
        (["in.png", "--sheet", "a"], "a"),
        (["in.png", "--sheet", "b.png"], "b.png/sheet.png"),
    ],
)
def test_mistakes_are_said_in_one_line(zaohua, model, arguments, says):
    Path("in.png").write_bytes(encoded(painted(1)))
    album(Path("a"), 2)
    Path("b.png").mkdir()
    before = Path("in.png").read_bytes()
    done = zaohua("translate", model, *arguments)
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert says in done.err
    assert Path("in.png").read_bytes() == before
    assert not Path("sheet.txt").exists()


@pytest.mark.parametrize("named", [".", "../b", "..", "./"])
def test_a_folder_without_a_name_of_its_own_is_translated_beside_it(zaohua, model, monkeypatch, named):
    folder = album(Path("a/b"), 2).resolve()
    Path("a/b/c").mkdir()
    monkeypatch.chdir("a/b/c" if named == ".." else "a/b")
    done = zaohua("translate", model, named)
    assert done.code == 0, done.err
    assert sorted(path.name for path in folder.with_name("b-translated").glob("*.png")) == ["0000.png", "0001.png"]


def test_nothing_to_translate(zaohua, model):
    Path("empty").mkdir()
    assert "no pictures in empty" in zaohua("translate", model, "empty").err
    Path("empty/x.png").write_bytes(b"broken")
    done = zaohua("translate", model, "empty")
    assert done.code == 1
    assert "x.png" in done.err
    assert not Path("empty-translated").exists()


def test_another_kind_of_model(zaohua, trained):
    Path("in.png").write_bytes(encoded(painted(1)))
    done = zaohua("translate", str(trained), "in.png")
    assert done.code == 2
    assert "gan/translate-emoji" in done.err
