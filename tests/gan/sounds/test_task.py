"""A sound model learns under the common trainer: from the recipe to a model folder, with a stop on the way."""

import json
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from resuming import assert_resumes_exactly
from sounding import encoded, folder_of_sounds, sounded

from zaohua import hub
from zaohua.data.sound import SOUND_SHEET
from zaohua.errors import UsageError, ZaohuaError
from zaohua.gan.sounds.evaluation import evaluate_folder
from zaohua.gan.sounds.model import SoundModel
from zaohua.gan.sounds.task import SoundTask
from zaohua.i18n import set_language
from zaohua.recipe import load_recipe, validate
from zaohua.training import parallel
from zaohua.training.run import describe, train_recipe
from zaohua.training.task import Draw

_RECIPE = """
task = "gan-sound"
[data]
source = "folder:{sounds}"
seconds = 0.5
validation = 0.3
[model]
form = "{form}"
size = 32
latent = 8
generator_width = 0.1
discriminator_width = 0.1
[train]
steps = 8
batch_size = 4
log_every = 1
evaluate_every = 4
save_every = 3
tensorboard = false
[measure]
samples = 16
final = 16
realism = 0
speech = false
[sample]
sounds = 2
[run]
dir = "{folder}/run"
"""


@pytest.fixture(autouse=True)
def english():
    set_language("en")


@pytest.fixture(scope="session")
def sounds(tmp_path_factory) -> Path:
    """Two classes of chords, a word each."""
    folder = tmp_path_factory.mktemp("sounds")
    for number, kind in enumerate(("yes", "no")):
        folder_of_sounds(folder / kind, 30, first=100 * number, seconds=0.4)
    return folder


def recipe(folder: Path, sounds: Path, form: str = "spectrum") -> Path:
    path = folder / f"{form}.toml"
    path.write_text(_RECIPE.format(sounds=sounds, form=form, folder=folder), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def run(tmp_path_factory, sounds) -> Path:
    """A short run of the spectrum, finished."""
    folder = tmp_path_factory.mktemp("run")
    train_recipe(recipe(folder, sounds), "measure.realism=10", "measure.speech=auto", quiet=True)
    return folder / "run"


@pytest.mark.parametrize("form", ["spectrum", "wave"])
def test_a_stopped_run_goes_on_bit_for_bit(tmp_path, sounds, form, monkeypatch):
    assert_resumes_exactly(recipe(tmp_path, sounds, form), tmp_path, monkeypatch, after=5)


def test_a_run_leaves_sounds_a_model_and_measures(run):
    assert len(list((run / "samples").glob("*.wav"))) >= 2 * 2
    assert (run / SOUND_SHEET).is_file()
    summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    assert summary["scores"]["extractor"] == "log-mel-16x16"
    assert summary["scores"]["fd"]["floor"] < summary["scores"]["fd"]["value"], "eight steps teach nothing"
    assert 0 <= summary["realism"]["floor"] <= 1
    if find_spec("pocketsphinx"):
        assert summary["speech"]["real"]["by_word"].keys() == {"yes", "no"}
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    assert all(line["fd"] > 0 for line in lines if "fd" in line)


def test_the_model_makes_the_same_sounds_for_the_same_seed(run):
    model = hub.load(run)
    assert isinstance(model, SoundModel)
    assert model.classes == ("no", "yes")
    first, again = model.generate(3, seed=5), model.generate(70, seed=5)
    for one, other in zip(first, again, strict=False):
        assert np.allclose(one.samples, other.samples, atol=5e-3), "but for rounding, which Griffin-Lim carries on"
        assert (one.rate, len(one.samples), one.prompt) == (8000, 4000, other.prompt)
        assert np.abs(one.samples).max() <= 0.9 + 1e-6
    assert not np.allclose(first[0].samples, model.generate(1, seed=6)[0].samples)
    assert {sound.prompt for sound in model.generate(8, label="yes")} == {"yes"}
    typical = model.generate(2, label="no", truncation=0.0)
    assert np.allclose(typical[0].samples, typical[1].samples, atol=5e-3)


def test_what_was_saved_is_what_is_loaded(run, tmp_path):
    model = SoundModel.load(hub.find_model(run))
    model.save(tmp_path / "copy")
    assert np.allclose(
        hub.load(tmp_path / "copy").generate(seed=2)[0].samples, model.generate(seed=2)[0].samples, atol=5e-3
    )


@pytest.mark.parametrize(
    ("given", "told"),
    [({"n": 0}, "1"), ({"n": 10**6}, "10"), ({"label": "maybe"}, "no, yes"), ({"truncation": 2.0}, "2")],
)
def test_what_it_cannot_do_is_said_in_one_line(run, given, told):
    with pytest.raises(UsageError, match=told) as caught:
        hub.load(run).generate(**given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rate", 0),
        ("size", 48),
        ("form", "notes"),
        ("classes", 3),
        ("loudest", -1),
        ("generator_widths", []),
        ("latent", 9),
        ("length", 4001),
        ("length", 10),
    ],
)
def test_a_damaged_folder_is_refused_in_one_line(run, tmp_path, key, value):
    hub.load(run).save(tmp_path / "bad")
    config = json.loads((tmp_path / "bad" / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "bad" / "config.json").write_text(json.dumps(config | {key: value}), encoding="utf-8")
    with pytest.raises(ZaohuaError) as caught:
        SoundModel.load(tmp_path / "bad")
    assert "\n" not in str(caught.value)


def test_evaluation_finds_the_sounds_of_the_run_or_takes_others(run, sounds, tmp_path):
    found = evaluate_folder(hub.find_model(run), None, samples=16, visible=False)
    assert found["metrics"].keys() == found["baselines"]["floor"].keys()
    assert found["data"] == [f"folder:{sounds}"]
    hub.load(run).save(tmp_path / "alone")
    with pytest.raises(ZaohuaError):
        evaluate_folder(tmp_path / "alone", None, visible=False)
    others = folder_of_sounds(tmp_path / "others", 40, first=700, seconds=0.4)
    assert evaluate_folder(tmp_path / "alone", f"folder:{others}", samples=16, visible=False)["metrics"]["fd"] > 0


def test_both_phases_visit_every_sound_and_pairs_share_their_class(tmp_path, sounds):
    task = SoundTask(validate(load_recipe(recipe(tmp_path, sounds)), SoundTask.Recipe, "test"))
    (tmp_path / "run").mkdir()
    task.prepare(parallel.start("auto"), visible=False)
    count, labels = len(task.sounds.train), task.sounds.train_labels
    for phase in ("discriminator", "generator"):
        seen = []
        for step in range(count // 4):
            draw = Draw(1, step, 0, torch.arange(4), torch.device("cpu"))
            batch = task.batch(phase, draw, torch.device("cpu"))
            assert batch.real.shape == (4, 4, 16, 16)
            where = [int((task.measures.train == one).flatten(1).all(1).nonzero()[0]) for one in batch.real]
            assert torch.equal(batch.condition, labels[where])
            seen += where
        assert len(set(seen)) == len(seen), "an epoch visits each once"


def test_sounds_are_measured_with_the_classes_as_frequent_as_in_training(tmp_path, sounds):
    folder_of_sounds(tmp_path / "uneven" / "no", 40, seconds=0.4)
    folder_of_sounds(tmp_path / "uneven" / "yes", 10, first=100, seconds=0.4)
    (tmp_path / "run").mkdir()
    task = SoundTask(validate(load_recipe(recipe(tmp_path, tmp_path / "uneven")), SoundTask.Recipe, "test"))
    task.prepare(parallel.start("auto"), visible=False)
    trained_on = task.sounds.train_labels
    labels = task.measures.labels(2 * len(trained_on))
    assert torch.equal(labels.bincount(), 2 * trained_on.bincount())


def test_a_plan_needs_no_sounds(tmp_path, sounds):
    path = recipe(tmp_path, sounds)
    plan = describe(load_recipe(path, ["data.source=folder:nowhere", "train.steps=", "train.sounds=4000"]))
    assert plan["units_per_step"] == {"sounds": 4}
    assert plan["steps"] == 1000
    assert plan["parameters"] > 0


def test_sounds_without_classes(tmp_path):
    folder = tmp_path / "sounds"
    folder.mkdir()
    for number in range(24):
        (folder / f"{number}.wav").write_bytes(encoded(sounded(number, 0.4)))
    train_recipe(recipe(tmp_path, folder), "train.steps=2", quiet=True)
    model = hub.load(tmp_path / "run")
    assert model.classes == ()
    assert model.generate(2)[1].prompt == ""
    with pytest.raises(UsageError):
        model.generate(label="yes")


def test_a_recogniser_that_cannot_listen_is_told_before_the_work(tmp_path, monkeypatch):
    pytest.importorskip("pocketsphinx")
    folder = folder_of_sounds(tmp_path / "sounds", 12)
    with pytest.raises(UsageError, match=r"measure\.speech=auto"):
        train_recipe(recipe(tmp_path, folder), "measure.speech=true", quiet=True)
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    for number, kind in enumerate(("yes", "no")):
        folder_of_sounds(tmp_path / "words" / kind, 6, first=100 * number)
    with pytest.raises(ZaohuaError, match=r"zaohua\[judges\]"):
        train_recipe(recipe(tmp_path, tmp_path / "words"), "measure.speech=true", quiet=True)


def test_one_sound_held_back_is_too_few_to_measure_on(tmp_path):
    folder = folder_of_sounds(tmp_path / "sounds", 4)
    with pytest.raises(ZaohuaError, match="4 sounds") as caught:
        train_recipe(recipe(tmp_path, folder), quiet=True)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run" / "recipe.toml").exists()
