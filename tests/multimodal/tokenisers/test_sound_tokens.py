"""Sounds as tokens: from a recipe to a folder that writes and reads them, stopped on the way, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from resuming import assert_resumes_exactly
from sounding import folder_of_sounds, sounded

import zaohua
from zaohua import cli, hub
from zaohua.errors import UsageError, ZaohuaError
from zaohua.gan.vocoder.generator import Generator, VocoderShape
from zaohua.gan.vocoder.model import VocoderModel
from zaohua.i18n import set_language
from zaohua.multimodal.tokenisers.sounds.model import SoundTokeniser
from zaohua.multimodal.tokenisers.sounds.network import SoundShape
from zaohua.nn.mel import MelConfig, log_mel
from zaohua.recipe import load_recipe
from zaohua.training.run import describe, train_recipe

RATE = 8000
MEL = MelConfig(RATE, 64, 16, 12)
_RECIPE = """
task = "sound-tokens"
[data]
source = "folder:{folder}/sounds"
validation = 0.25
[mel]
n_fft = 64
bands = 12
[model]
frames = 4
width = 16
blocks = 1
discriminator_width = 4
discriminator_layers = 1
[loss]
begin = 0.5
[train]
steps = 6
batch_size = 4
frames = 16
log_every = 1
evaluate_every = 3
save_every = 2
tensorboard = false
[run]
dir = "{folder}/run"
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> Path:
    set_language("en")
    folder = tmp_path_factory.mktemp("sounds")
    folder_of_sounds(folder / "sounds", 12, seconds=0.25)
    path = folder / "recipe.toml"
    path.write_text(_RECIPE.format(folder=folder), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(recipe: Path) -> Path:
    train_recipe(recipe, quiet=True)
    return recipe.parent / "run"


def untrained(frames: int = 4) -> SoundTokeniser:
    torch.manual_seed(0)
    form = SoundShape(MEL, 1.0, frames, 16, 1)
    return SoundTokeniser(form.build().eval(), form, name="model")


def voice(mel: MelConfig = MEL) -> VocoderModel:
    return VocoderModel(Generator(VocoderShape(mel, 16, 1, 2)).eval(), name="voice")


def test_a_stopped_run_goes_on_bit_for_bit(recipe, tmp_path, monkeypatch):
    assert_resumes_exactly(recipe, tmp_path, monkeypatch, after=4)


def test_a_run_leaves_a_tokeniser_with_measures_and_sounds(run):
    summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    assert {"mel_distance", "codes_used", "code_perplexity"} == summary["metrics"].keys()
    assert set(summary["baselines"]) == {"one_spectrum"}
    assert set(summary["waves"]["baselines"]) == {"spectrogram", "one_spectrum", "real"}
    assert (run / "report.html").is_file()
    assert list((run / "samples").glob("*.wav"))
    assert isinstance(zaohua.load(run), SoundTokeniser)
    again = hub.evaluate(run)
    assert again["metrics"]["tokens_per_second"] == RATE / 64
    assert again["baselines"]["spectrogram"]["mel_distance"] < again["metrics"]["mel_distance"]


def test_spectrograms_are_learnt(recipe, tmp_path):
    settings = ["train.steps=100", "train.evaluate_every=100", "loss.begin=1", "model.width=32"]
    train_recipe(recipe, *settings, f"run.dir={tmp_path / 'learnt'}", quiet=True)
    lines = [json.loads(line) for line in (tmp_path / "learnt" / "metrics.jsonl").read_text("utf-8").splitlines()]
    apart = [line["l1"] for line in lines if line["kind"] == "train"]
    assert sum(apart[-5:]) < 0.6 * sum(apart[:5])
    assert "won" not in (tmp_path / "learnt" / "log.txt").read_text(encoding="utf-8")  # there was no duel


@pytest.mark.parametrize("frames", [1, 3, 4])
def test_a_saved_model_says_the_same(frames, tmp_path):
    model = untrained(frames)
    waves = torch.from_numpy(np.stack([sounded(seed, 0.3) for seed in range(3)]))
    model.save(tmp_path / "saved")
    again = zaohua.load(tmp_path / "saved")
    ids = model.encode(waves, RATE)
    assert ids.shape == (3, model.tokens_of(0.3))
    assert torch.equal(again.encode(waves, RATE), ids)
    made = again.decode(ids)
    assert (made.dtype, made.shape) == (torch.float32, (3, ids.shape[1] * model.samples))
    assert torch.equal(made, model.decode(ids))
    assert again.form == model.form
    assert again.decode(ids[:, :0]).shape == (3, 0)


def test_spectrograms_are_seen_from_silence_to_the_loudest():
    form = untrained().form
    bands = log_mel(torch.from_numpy(sounded(1, 0.3))[None], MEL)
    torch.testing.assert_close(form.heard(form.seen(bands)), bands, atol=1e-5, rtol=1e-5)
    assert form.seen(log_mel(torch.zeros(1, 160), MEL)).max() == -1


def test_any_rate_is_taken():
    model = untrained()
    twice = torch.from_numpy(sounded(2, 0.5, 2 * RATE))[None]
    assert model.encode(twice, 2 * RATE).shape == (1, model.tokens_of(0.5))


def test_a_vocoder_beside_it_makes_the_sound(tmp_path):
    model = untrained()
    with_voice = SoundTokeniser(model.network, model.form, voice(), name="model")
    with_voice.save(tmp_path / "model")
    opened = zaohua.load(tmp_path / "model")
    ids = model.encode(torch.from_numpy(sounded(3, 0.3))[None], RATE)
    assert torch.equal(opened.decode(ids), with_voice.decode(ids))
    assert not torch.equal(opened.decode(ids), model.decode(ids))
    voice().save(tmp_path / "other")
    assert zaohua.load(tmp_path / "model", vocoder=tmp_path / "other").vocoder.name == "other"
    voice(MelConfig(RATE, 64, 16, 10)).save(tmp_path / "foreign")
    with pytest.raises(UsageError, match="different spectrograms"):
        zaohua.load(tmp_path / "model", vocoder=tmp_path / "foreign")


def test_a_run_with_a_vocoder_takes_its_spectrograms(recipe, tmp_path):
    voice(MelConfig(RATE, 128, 32, 14)).save(tmp_path / "voice")
    settings = ["mel=", f"model.vocoder={tmp_path / 'voice'}", "train.steps=2", f"run.dir={tmp_path / 'run'}"]
    train_recipe(recipe, *settings, quiet=True)
    model = zaohua.load(tmp_path / "run")
    assert model.form.mel == MelConfig(RATE, 128, 32, 14)
    assert model.vocoder is not None


def test_a_recording_keeps_its_length(tmp_path):
    soundfile.write(tmp_path / "voice.wav", sounded(4, 0.31, 2 * RATE), 2 * RATE)
    made = untrained().copy(tmp_path / "voice.wav")
    assert (made.rate, len(made.samples)) == (RATE, round(0.31 * RATE))
    untrained().save(tmp_path / "model")
    files = [str(tmp_path / name) for name in ("model", "voice.wav")]
    assert cli.run(["translate", *files, "--out", str(tmp_path / "x.wav")]) == 0
    assert soundfile.info(tmp_path / "x.wav").samplerate == RATE


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda model, place: model.encode(torch.zeros(100), RATE), "[B, T]"),
        (lambda model, place: model.decode(torch.full((1, 4), 1000)), "below 1000"),
        (lambda model, place: model.decode(torch.zeros(4, dtype=torch.int64)), "[N, L]"),
        (lambda model, place: model.copy(place / "none.wav"), "none.wav"),
    ],
)
def test_what_cannot_be_is_one_line(call, message, tmp_path):
    set_language("en")
    with pytest.raises(ZaohuaError) as caught:
        call(untrained(), tmp_path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"), [("loudest", -20), ("loudest", "loud"), ("frames", 0), ("levels", []), ("hop", 15), ("blocks", 2)]
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
        ("data.seconds=1.0", "whole ones"),
        ("model.frames=5", "multiple of model.frames"),
        ("model.vocoder=nowhere", "[mel]"),
        ("measure.speech=true", "words"),
        ("data.source=folder:nowhere", "nowhere"),
    ],
)
def test_a_wrong_setting_is_one_line(recipe, tmp_path, setting, message):
    with pytest.raises(ZaohuaError) as caught:
        train_recipe(recipe, setting, f"run.dir={tmp_path / 'x'}", quiet=True)
    assert "\n" not in str(caught.value)
    assert message in str(caught.value)


def test_a_plan_is_known_without_the_data(recipe):
    plan = describe(load_recipe(recipe, ["data.source=folder:nowhere"]))
    assert plan["steps"] == 6
    assert plan["flops"] > 0
