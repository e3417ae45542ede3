"""zaohua generate and evaluate with picture models, through the command line's own entry."""

import json

import numpy as np
import pytest
import torch
from painting import encoded, painted
from PIL import Image

from zaohua import labels
from zaohua.cli import run
from zaohua.gan.images.model import ImageModel
from zaohua.gan.networks.shape import build_generator, shape


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A model folder named `m`, in the working directory."""
    monkeypatch.chdir(tmp_path)
    form = shape("nano", 16, 3, classes=2, latent=4, generator_width=0.1)
    torch.manual_seed(0)
    ImageModel(build_generator(form), form, ("cat", "dog")).save("m")
    return tmp_path


def pixels(path) -> np.ndarray:
    return np.asarray(Image.open(path))


def test_one_picture_has_a_name_of_its_own_and_a_label(folder, capsys):
    assert run(["generate", "m", "--seed", "3", "--class", "dog", "--lang", "en"]) == 0
    assert capsys.readouterr().out.strip() == "saved m-3.png"
    assert pixels("m-3.png").shape == (16, 16, 3)
    assert labels.read("m-3.png") is not None


def test_several_go_into_a_folder_or_are_numbered(folder, capsys):
    assert run(["generate", "m", "-n", "3", "--out", "some", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [item["file"] for item in document["files"]] == [f"some/m-0-0000{n}.png" for n in (1, 2, 3)]
    assert {item["class"] for item in document["files"]} <= {"cat", "dog"}
    assert run(["generate", "m", "-n", "2", "--out", "a.webp"]) == 0
    assert (folder / "a-1.webp").is_file()
    assert (folder / "a-2.webp").is_file()


def test_a_grid_and_a_film(folder):
    assert run(["generate", "m", "--grid", "--out", "grid.png"]) == 0
    assert pixels("grid.png").ndim == 3
    assert run(["generate", "m", "--interpolate", "film.gif", "-n", "3", "--seconds", "1", "--fps", "6"]) == 0
    with Image.open("film.gif") as film:
        assert film.n_frames == 6


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--class", "cow"], "cat, dog"),
        (["-n", "1000000"], "10,000"),
        (["-n", "0"], "between 1"),
        (["--truncation", "2"], "truncation"),
        (["--temperature", "0.5"], "--temperature"),
        (["Once upon a time"], "Once upon a time"),
        (["--frames", "9"], "--frames"),
        (["--seconds", "3"], "--interpolate"),
        (["--grid", "--interpolate", "a.mp4"], "--grid --interpolate"),
        (["--interpolate", "a.png"], ".mp4"),
        (["--interpolate", "a.mp4", "--out", "b.mp4"], "--out"),
        (["--interpolate", "a.mp4", "-n", "1"], "2 stops"),
        (["--interpolate", "a.mp4", "-n", "0"], "2 stops"),
        (["--interpolate", "a.mp4", "--fps", "0"], "between 0.1 and 240"),
        (["--interpolate", "a.mp4", "--seconds=-8", "--fps=-24"], "between 0.1 and 240"),
        (["--interpolate", "a.mp4", "--seconds", "0"], "0 frames"),
        (["--grid", "-n", "0"], "between 1 and 10,000"),
        (["--out", "a.wav"], ".png"),
        (["--project", "nothing.png"], "nothing.png"),
        (["--project", "wide.jpg", "-n", "3"], "leave out -n"),
        (["--project", "wide.jpg", "--truncation", "0.5"], "leave out -n"),
        (["--project", "m/config.json"], "config.json"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_is_one_line(folder, capsys, monkeypatch, options, said):
    monkeypatch.setattr("zaohua.judges.extractor.open_extractor", lambda name: None)
    assert run(["generate", "m", *options, "--lang", "en"]) in (1, 2)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err
    assert len(shown.err.strip().splitlines()) == 1
    assert {path.name for path in folder.iterdir()} == {"m"}


def test_the_way_back_reads_any_picture_and_says_how_near(folder, monkeypatch, capsys):
    seen = {}

    def project(opened, picture, extractor, *, steps, seed, on_progress):
        from zaohua.gan.images.projection import Projection

        seen["picture"] = picture
        return Projection(opened.generate(1)[0], torch.zeros(4), "cat", 0.25, 0.125)

    monkeypatch.setattr("zaohua.gan.images.projection.project", project)
    monkeypatch.setattr("zaohua.judges.extractor.open_extractor", lambda name: type("Judge", (), {"name": "judge@1"}))
    (folder / "wide.jpg").write_bytes(encoded(painted(1, 60, 30), "JPEG"))
    assert run(["generate", "m", "--project", "wide.jpg", "--out", "near.png", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert seen["picture"].shape == (3, 16, 16)
    assert (document["perceptual"], document["pixels"], document["features"]) == (0.25, 0.125, "judge@1")
    assert pixels("near.png").shape == (16, 16, 3)


def test_options_for_pictures_are_refused_by_models_that_write(monkeypatch, capsys):
    monkeypatch.setattr("zaohua.hub.load", lambda path: object())
    for options in (["--grid"], ["--class", "x"], ["--truncation", "0.5"]):
        assert run(["generate", "m", "hello", *options, "--lang", "en"]) == 2
        assert "writes texts" in capsys.readouterr().err
