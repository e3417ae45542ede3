"""The whole way of a tiny vocoder: recipe, run, resume, model folder, copies, measures; and what is refused."""

import base64
import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from resuming import assert_resumes_exactly

import zaohua
from zaohua import hub
from zaohua.data.sound import SOUND_SHEET
from zaohua.errors import UsageError, ZaohuaError
from zaohua.gan.vocoder import evaluation
from zaohua.gan.vocoder.measures import mel_distance, spectrum_fd, stft_distance
from zaohua.gan.vocoder.model import VocoderModel
from zaohua.i18n import set_language
from zaohua.nn.mel import MelConfig, log_mel
from zaohua.recipe import load_recipe
from zaohua.training.run import describe, train_recipe

RATE = 8000
RECIPE = """
task = "vocoder"
[data]
source = "folder:{folder}/speech"
validation = 0.2
[mel]
n_fft = 64
bands = 12
[model]
width = 16
layers = 1
rounds = 2
discriminators = 0.03125
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


def tone(seconds: float, pitch: float) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return (0.3 * np.sin(2 * np.pi * pitch * time) * np.minimum(1, 20 * time)).astype(np.float32)


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> Path:
    set_language("en")
    folder = tmp_path_factory.mktemp("vocoder")
    (folder / "speech").mkdir()
    for number in range(8):
        soundfile.write(folder / "speech" / f"{number}.wav", tone(0.25 + 0.05 * number, 200 + 90 * number), RATE)
    path = folder / "recipe.toml"
    path.write_text(RECIPE.format(folder=folder), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(recipe: Path) -> Path:
    train_recipe(recipe, quiet=True)
    return recipe.parent / "run"


def test_a_run_that_is_stopped_goes_on_bit_for_bit(recipe: Path, tmp_path: Path, monkeypatch):
    assert_resumes_exactly(recipe, tmp_path, monkeypatch, after=3)


def test_every_loss_and_regulariser_trains(recipe: Path, tmp_path: Path):
    pairs = [
        ("hinge", "none"),
        ("relativistic", "zero_centred"),
        ("wasserstein", "gradient_penalty"),
        ("minimax", "r1"),
    ]
    for loss, regulariser in pairs:
        wishes = [f"loss.kind={loss}", f"regulariser.kind={regulariser}", "train.steps=2", f"run.dir={tmp_path / loss}"]
        assert np.isfinite(train_recipe(recipe, *wishes, quiet=True)["metrics"]["mel_distance"])


def test_a_run_leaves_what_people_need(run: Path):
    summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    assert {"fd", "mel_distance", "stft_distance"} <= summary["metrics"].keys()
    assert summary["baselines"]["first_guess"]["mel_distance"] > 0
    drawn = base64.b64encode((run / SOUND_SHEET).read_bytes()).decode()
    assert drawn in (run / "report.html").read_text(encoding="utf-8"), "what was learnt from, on the page"
    wave, rate = soundfile.read(next((run / "samples").glob("*.wav")))
    assert rate == RATE
    assert len(wave) > 0


def test_the_folder_opens_and_its_wave_is_its_stream(run: Path):
    model = zaohua.load(run)
    assert isinstance(model, VocoderModel)
    assert model.mel_config == MelConfig(RATE, 64, 16, 12)
    mel = model.mel(tone(0.5, 300), RATE)
    whole = model.wave(mel)
    assert whole.dtype == np.float32
    assert len(whole) == mel.shape[1] * model.mel_config.hop
    pieces = list(model.stream(torch.from_numpy(mel).split(7, 1)))
    assert len(pieces) > 3
    np.testing.assert_allclose(np.concatenate(pieces), whole, atol=1e-6)
    assert len(model.wave(mel[:, :0])) == 0
    assert list(model.stream([])) == []


def test_a_saved_model_opens_again(run: Path, tmp_path: Path):
    model = zaohua.load(run)
    model.save(tmp_path / "again")
    mel = model.mel(tone(0.2, 250), RATE)
    np.testing.assert_array_equal(zaohua.load(tmp_path / "again").wave(mel), model.wave(mel))


def test_a_copy_is_as_long_as_the_recording_whatever_its_rate(run: Path, tmp_path: Path):
    soundfile.write(tmp_path / "voice.flac", np.stack([tone(0.3, 200)] * 2, 1), 2 * RATE)  # two channels, 0.15 s
    made = zaohua.load(run).copy(tmp_path / "voice.flac")
    assert (made.rate, len(made.samples)) == (RATE, round(0.15 * RATE))
    saved = made.save(tmp_path / "copy.wav")
    assert soundfile.info(saved).samplerate == RATE


def test_a_single_sample_and_a_pipe_are_not_in_the_way(run: Path, tmp_path: Path):
    soundfile.write(tmp_path / "one.wav", np.full(1, 0.5, np.float32), 6 * RATE)
    assert len(zaohua.load(run).copy(tmp_path / "one.wav").samples) == 1
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(ZaohuaError, match="pipe"):  # and does not wait for someone to write into it
        zaohua.load(run).copy(tmp_path / "pipe.wav")


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [("missing.wav", None, "No such file"), ("text.wav", b"no sound", "damaged"), ("empty.wav", b"", "damaged")],
)
def test_what_is_no_sound_is_refused_in_one_line(run: Path, tmp_path: Path, file, content, message):
    if content is not None:
        (tmp_path / file).write_bytes(content)
    with pytest.raises(ZaohuaError) as caught:
        zaohua.load(run).copy(tmp_path / file)
    assert "\n" not in str(caught.value)
    assert file in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("mel", "message"),
    [(np.zeros((13, 4), np.float32), "[12, frames]"), (np.zeros(12, np.float32), "[12, frames]"),
     (np.zeros((12, 4), np.int64), "[12, frames]"), (np.full((12, 4), np.nan, np.float32), "not finite")],
)  # fmt: skip
def test_another_spectrogram_is_refused(run: Path, mel, message):
    with pytest.raises(UsageError) as caught:
        zaohua.load(run).wave(mel)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("mel.n_fft=66", "multiple of 4"),
        ("mel.n_fft=4", "at least 16"),
        ("mel.low=5000.0", "must lie below"),
        ("mel.bands=60", "more than frames"),
        ("data.seconds=1.0", "whole ones"),
        ("data.source=folder:nowhere", "nowhere"),
        ("train.tokens=100", "sounds"),
        ("augment.strength=0.5", "augment"),
    ],
)
def test_a_wrong_setting_is_one_line(recipe: Path, tmp_path: Path, setting: str, message: str):
    others = [] if "tokens" not in setting else ["train.steps="]
    with pytest.raises(ZaohuaError) as caught:
        train_recipe(recipe, *others, setting, f"run.dir={tmp_path / 'x'}", quiet=True)
    assert "\n" not in str(caught.value)
    assert message in str(caught.value)
    assert not (tmp_path / "x" / "checkpoints").exists()


def test_sounds_of_a_single_frame_are_too_few(recipe: Path, tmp_path: Path):
    (tmp_path / "tiny").mkdir()
    for number in range(2):
        soundfile.write(tmp_path / "tiny" / f"{number}.wav", tone(0.01, 200 + 300 * number)[-3:] + 0.1, RATE)
    with pytest.raises(ZaohuaError, match="nothing to measure on"):
        train_recipe(recipe, f"data.source=folder:{tmp_path / 'tiny'}", f"run.dir={tmp_path / 'x'}", quiet=True)


def test_a_damaged_folder_is_refused(run: Path, tmp_path: Path):
    config = json.loads((run / "checkpoints" / "best" / "config.json").read_text(encoding="utf-8"))
    model = zaohua.load(run)
    for key, value in (
        ("hop", 15),
        ("n_fft", 62),
        ("low", -1),
        ("low", 4000),
        ("high", 4001),
        ("scale", "bark"),
        ("width", "wide"),
        ("layers", 2),
    ):
        folder = tmp_path / f"{key}-{value}"
        model.save(folder)
        (folder / "config.json").write_text(json.dumps(config | {key: value}), encoding="utf-8")
        with pytest.raises(ZaohuaError) as caught:
            zaohua.load(folder)
        assert "\n" not in str(caught.value)


def test_a_dry_run_knows_the_cost(recipe: Path):
    plan = describe(load_recipe(recipe, ["data.rate=8000"]))
    assert plan["steps"] == 6
    assert plan["flops_per_step"] > 0
    assert plan["parameters"] > 0


def test_evaluation_says_how_good_and_how_fast(run: Path, monkeypatch):
    heard = []

    def judged(waves, rate):
        heard.append((len(waves), rate))
        return {"signal": 3.0, "background": 4.0, "overall": 2.5}

    monkeypatch.setattr(evaluation, "dnsmos", judged)
    found = hub.evaluate(run)
    assert found["metrics"]["dnsmos_overall"] == 2.5
    assert found["metrics"]["times_real_time"] > 0
    real = found["baselines"]["real"]
    assert real.pop("fd") > 0
    assert real == {"dnsmos_signal": 3.0, "dnsmos_background": 4.0, "dnsmos_overall": 2.5}
    assert found["baselines"]["griffin_lim"]["mel_distance"] < found["baselines"]["first_guess"]["mel_distance"]
    assert heard == [(found["clips"], RATE)] * 4


def test_without_the_judge_the_rest_is_measured(run: Path, monkeypatch):
    def judged(waves, rate):
        raise ZaohuaError("no judge")

    monkeypatch.setattr(evaluation, "dnsmos", judged)
    found = hub.evaluate(run)
    assert found["baselines"]["real"].keys() == {"fd"}
    assert {"fd", "mel_distance", "stft_distance", "times_real_time"} == found["metrics"].keys()


def test_a_folder_without_its_run_needs_sounds_to_be_measured_on(run: Path, recipe: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(evaluation, "dnsmos", lambda waves, rate: {"overall": 2.0})
    zaohua.load(run).save(tmp_path / "model")
    with pytest.raises(ZaohuaError, match="model"):
        hub.evaluate(tmp_path / "model")
    source = f"folder:{recipe.parent / 'speech'}"
    found = hub.evaluate(tmp_path / "model", source)
    assert (found["data"], found["clips"]) == ([source], 1)
    with pytest.raises(UsageError, match="column"):
        hub.evaluate(run, source, "text")


def test_distances_are_their_definitions():
    config = MelConfig(RATE, 64, 16, 12)
    real, made = torch.randn(1, 640) / 5, torch.randn(1, 640) / 5
    assert mel_distance(real, real, config) == stft_distance(real, real, config) == 0
    wanted = np.abs(log_mel(real, config).numpy() - log_mel(made, config).numpy()).mean()
    assert mel_distance(real, made, config) == pytest.approx(wanted, rel=1e-5)
    total = 0.0
    for n_fft in (32, 64, 128):
        window = torch.hann_window(n_fft)
        hop = n_fft // 4
        sizes = []
        for wave in (real, made):
            padded = torch.nn.functional.pad(wave[0], ((n_fft - hop) // 2, n_fft))
            frames = [torch.fft.rfft(padded[i : i + n_fft] * window).abs() for i in range(0, 640, hop)]
            sizes.append(torch.stack(frames).clamp(min=1e-4))
        convergence = (sizes[0] - sizes[1]).norm() / sizes[0].norm()
        total += (convergence + (sizes[0].log() - sizes[1].log()).abs().mean()).item() / 3
    assert stft_distance(real, made, config) == pytest.approx(total, rel=1e-4)


def test_the_frechet_distance_is_small_for_another_sound_of_the_same_kind():
    config, draw = MelConfig(RATE, 64, 16, 12), torch.Generator().manual_seed(0)
    real = [torch.randn(4000, generator=draw) / 5 for _ in range(4)]
    alike, tone_ = ([torch.randn(4000, generator=draw) / 5], [torch.sin(torch.arange(4000.0)) / 3])
    assert spectrum_fd(real, real, config) == pytest.approx(0, abs=1e-6)
    assert spectrum_fd(real, alike, config) < 0.1 * spectrum_fd(real, tone_, config)
