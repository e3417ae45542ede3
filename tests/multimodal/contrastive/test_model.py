"""Towers from a folder: vectors, matching, classes never trained on, and everything that cannot be asked."""

import json
import shutil

import numpy as np
import pytest
import small_towers
import torch

import zaohua
from zaohua.errors import UsageError, ZaohuaError

COLOURS = {name: [name, chinese] for name, (chinese, _) in small_towers.COLOURS.items()}


@pytest.fixture(scope="module")
def model(picture_towers):
    return zaohua.load(picture_towers)


def test_vectors_do_not_depend_on_what_else_is_asked(model):
    texts = ["red at the top", "蓝色在下面", "black"]
    together = model.embed_text(texts)
    assert together.shape == (3, 32)
    assert np.linalg.norm(together, axis=1) == pytest.approx(1, abs=1e-5)
    for text, vector in zip(texts, together, strict=True):
        assert model.embed_text(text)[0] == pytest.approx(vector, abs=1e-5)


def test_files_arrays_and_pillow_images_are_the_same_picture(model, tmp_path):
    image = small_towers.square("red", "top", 7)
    image.save(tmp_path / "one.png")
    found = model.embed_picture([tmp_path / "one.png", np.asarray(image), image])
    assert np.abs(found - found[0]).max() < 1e-6


def test_both_languages_name_the_colour(model):
    pictures = [small_towers.square(colour, "top", 900 + n) for n, colour in enumerate(COLOURS)]
    for labels in (list(COLOURS), {name: [chinese] for name, (_, chinese) in COLOURS.items()}, COLOURS):
        found = model.classify(pictures, labels)
        assert sum(one.label == colour for one, colour in zip(found, COLOURS, strict=True)) >= 4
        assert sum(found[0].probabilities.values()) == pytest.approx(1, abs=1e-5)
    ensemble = model.class_vectors({"red": ["red"]}, {"en": ["{}", "{} at the top"]})[0]
    mean = model.embed_text(["red", "red at the top"]).mean(0)
    assert ensemble == pytest.approx(mean / np.linalg.norm(mean), abs=1e-6)


def test_similarity_is_the_cosine_and_clip_score_its_positive_part(model):
    pictures = [small_towers.square("red", "top", 1), small_towers.square("blue", "bottom", 2)]
    texts = ["red at the top", "yellow at the bottom"]
    cosines = model.similarity(pictures, texts)
    assert cosines == pytest.approx(model.embed_picture(pictures) @ model.embed_text(texts).T, abs=1e-6)
    assert model.clip_score(pictures, texts) == pytest.approx(2.5 * np.maximum(cosines.diagonal(), 0), abs=1e-6)


def test_a_copy_of_the_folder_gives_the_same_numbers(model, tmp_path):
    model.save(tmp_path / "copy")
    copy = zaohua.load(tmp_path / "copy")
    assert np.array_equal(copy.embed_text("red"), model.embed_text("red"))
    assert (copy.look, copy.config.dim) == (model.look, 32)


def test_sounds_are_heard_at_any_rate(sound_towers):
    model = zaohua.load(sound_towers)
    wave = small_towers.tone("high", 1, 0.5)
    twice = np.interp(np.arange(2 * len(wave)) / 2, np.arange(len(wave)), wave).astype(np.float32)
    found = model.embed_sound([(wave, 8000), (twice, 16000)])
    assert float(found[0] @ found[1]) > 0.95
    labels = ["low", "middle", "high"]
    assert [
        one.label for one in model.classify([(small_towers.tone(p, 77, 0.4), 8000) for p in labels], labels)
    ] == labels


def test_what_cannot_be_asked(model, sound_towers, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG nothing")
    for call in (
        lambda: model.embed_text(["red", " "]),
        lambda: model.embed_sound([(np.zeros(8000, np.float32), 8000)]),
        lambda: model.classify([small_towers.square("red", "top", 1)], ["red"]),
        lambda: model.embed_picture(tmp_path / "broken.png"),
        lambda: model.embed_picture(tmp_path / "missing.png"),
        lambda: zaohua.load(sound_towers).embed_picture(tmp_path / "broken.png"),
    ):
        with pytest.raises(ZaohuaError) as error:
            call()
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "films"},
        {"patch": 7},
        {"size": 128},
        {"dim": 10**9},
        {"media_tower": None},
        {"look": {"fit": "bend"}},
        {"text_tower": {"layers": 10**6}},
        {"vocab_size": 3},
    ],
)
def test_damaged_descriptions_are_refused_in_one_line(picture_towers, tmp_path, change):
    folder = tmp_path / "model"
    shutil.copytree((picture_towers / "checkpoints" / "last").resolve(), folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    for key, value in change.items():
        config[key] = {**config[key], **value} if isinstance(value, dict) else value
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ZaohuaError) as error:
        zaohua.load(folder)
    assert "\n" not in str(error.value)
    assert not isinstance(error.value, UsageError)


def test_the_scale_survives_the_folder(model):
    assert torch.isfinite(model.towers.log_scale)
    assert 1 < float(model.towers.scale()) <= 100.001
