"""The judge of a picture run: which one, what is kept between runs, what is compared."""

import numpy as np
import pytest
import torch
from painting import album
from PIL import Image

from zaohua.data.pictures import PictureConfig, read_pictures
from zaohua.gan.images import measures
from zaohua.gan.images.config import MeasureConfig
from zaohua.gan.images.measures import Measures, usual_extractor


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """60 painted pictures, and a cache folder of the test's own."""
    monkeypatch.setattr(measures, "cache_folder", lambda: tmp_path / "cache")
    source = album(tmp_path / "album", 60, width=16, height=16)
    return read_pictures(PictureConfig(source=f"folder:{source}", size=16, validation=0.4), 1)


@pytest.mark.parametrize(
    ("source", "size", "judge"),
    [
        ("builtin:digits", 32, "small-cnn-mnist"),
        ("idx:data/fashion-mnist/train-images-idx3-ubyte.gz", 32, "small-cnn-fashion"),
        ("builtin:openmoji", 32, "efficientnet-lite0-64"),
        ("folder:faces", 64, "efficientnet-lite0-128"),
    ],
)
def test_the_judge_follows_from_the_pictures(source, size, judge):
    assert usual_extractor(source, size) == judge


def test_real_pictures_score_better_than_noise(pictures):
    judge = Measures(pictures, MeasureConfig(extractor="small-cnn-mnist", realism=0))
    noise = torch.randint(0, 256, (20, 3, 16, 16), generator=torch.Generator().manual_seed(0)).byte()
    good, bad = judge.brief(pictures.validation[:20]), judge.brief(noise)
    assert good["fd"] < bad["fd"] / 2
    assert good["recall"] > bad["recall"]


def test_a_reading_is_kept_for_the_next_run_and_a_damaged_one_made_again(pictures, monkeypatch, tmp_path):
    config = MeasureConfig(extractor="small-cnn-mnist")
    first = Measures(pictures, config)._reference(30)
    (file,) = (tmp_path / "cache" / "readings").iterdir()
    again = Measures(pictures, config)
    monkeypatch.setattr(type(again.extractor), "read", None)  # would fail if it were called
    assert np.array_equal(again._reference(30).features, first.features)
    monkeypatch.undo()
    monkeypatch.setattr(measures, "cache_folder", lambda: tmp_path / "cache")
    file.write_bytes(file.read_bytes()[:100])
    assert np.array_equal(Measures(pictures, config)._reference(30).features, first.features)


def test_training_pictures_are_found_out_as_copies(pictures):
    """Generated pictures that are training pictures are named with them, wherever they stand in the set."""
    judge = Measures(pictures, MeasureConfig(extractor="small-cnn-mnist", realism=0))
    found = judge.whole(pictures.train.flip(0))["scores"]
    assert found["copies"]["value"] > 0.9
    last = len(pictures.train) - 1
    assert {(pair["sample"], pair["training"]) for pair in found["nearest"]} <= {(n, last - n) for n in range(last + 1)}


def test_pictures_to_be_measured_have_the_classes_of_those_trained_on(tmp_path):
    for name, count in (("many", 30), ("few", 6)):
        album(tmp_path / name, count, first=len(name) * 100, width=16, height=16)
    pictures = read_pictures(PictureConfig(source=f"folder:{tmp_path}", size=16, classes=True), 1)
    drawn = Measures(pictures, MeasureConfig()).labels(5 * len(pictures.train))
    counts = torch.bincount(drawn).float()
    assert torch.equal(counts / 5, torch.bincount(pictures.train_labels).float())


def test_classes_asked_for_are_looked_for_in_what_was_made(tmp_path):
    """Training pictures as generated ones are of their classes, and of other classes they are not."""
    for number, name in enumerate(("red", "blue")):
        for place in range(20):
            shade = np.random.default_rng(place).integers(150, 255)
            pixels = np.zeros((16, 16, 3), np.uint8)
            pixels[..., 2 * number] = shade
            (tmp_path / name).mkdir(exist_ok=True)
            Image.fromarray(pixels).save(tmp_path / name / f"{place}.png")
    pictures = read_pictures(PictureConfig(source=f"folder:{tmp_path}", size=16, classes=True), 1)
    judge = Measures(pictures, MeasureConfig(extractor="small-cnn-mnist", realism=0))
    found = judge.whole(pictures.train, pictures.train_labels)["scores"]["agreement"]
    other = judge.whole(pictures.train, 1 - pictures.train_labels)["scores"]["agreement"]
    assert found["value"] == pytest.approx(1 - other["value"])
    assert found["value"] > 0.9
    assert "agreement" not in judge.whole(pictures.train)["scores"], "nothing was asked for"
