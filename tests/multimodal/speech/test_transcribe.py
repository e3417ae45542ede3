"""The listener: its parts, its folder, its task, and tones whose names it learns."""

import json
from pathlib import Path

import numpy as np
import pytest
import sounding
import torch
from resuming import assert_resumes_exactly
from torch.utils.flop_counter import FlopCounterMode

from zaohua import hub
from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import set_language
from zaohua.language.seq2seq.module import initialise_seq2seq
from zaohua.language.tokenizer import TokenizerConfig
from zaohua.language.tokenizer_training import train
from zaohua.multimodal.speech.augment import coloured, hidden, noisy, warped
from zaohua.multimodal.speech.config import TranscribeRecipe
from zaohua.multimodal.speech.model import ListenerModel
from zaohua.multimodal.speech.network import Listener, places
from zaohua.multimodal.speech.shape import ListenerConfig
from zaohua.multimodal.speech.spectra import normalised, spectrum, together
from zaohua.recipe import load_recipe, validate
from zaohua.training.run import describe, train_recipe

RATE = 8000
PITCHES = {"low": 300, "middle": 900, "very high": 2500}
RECIPE = """
task = "transcribe"
[data]
source = "folder:{folder}/tones"
kind = "sounds"
languages = ["en"]
validation = 0.2
[model]
depth = 1
width = 32
context = 16
bands = 16
channels = 8
seconds = 1
[augment]
noise = 0.2
[train]
steps = 60
batch_size = 16
accumulate = 2
log_every = 20
evaluate_every = 30
save_every = 20
tensorboard = false
[run]
dir = "{folder}/run"
"""


def tone(pitch: float, seconds: float, seed: int) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    noise = 0.01 * np.random.default_rng(seed).standard_normal(len(time))
    return (0.3 * np.sin(2 * np.pi * pitch * time) * np.sin(np.pi * time / seconds) + noise).astype(np.float32)


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> Path:
    set_language("en")
    folder = tmp_path_factory.mktemp("speech")
    (folder / "tones").mkdir()
    for number in range(60):
        name = list(PITCHES)[number % 3]
        wave = tone(PITCHES[name] * (1 + 0.002 * (number % 20)), 0.2 + 0.01 * (number % 17), number)
        (folder / "tones" / f"{number:02}.wav").write_bytes(sounding.encoded(wave, RATE))
        (folder / "tones" / f"{number:02}.txt").write_text(name, encoding="utf-8")
    path = folder / "recipe.toml"
    path.write_text(RECIPE.format(folder=folder), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(recipe: Path) -> Path:
    train_recipe(recipe, quiet=True)
    return recipe.parent / "run"


@pytest.fixture(scope="module")
def module() -> Listener:
    shape = {"encoder_layers": 2, "layers": 1, "width": 32, "heads": 2, "head_dim": 16, "ffn_width": 48, "context": 12}
    heard = {"rate": RATE, "n_fft": 256, "hop": 80, "bands": 14, "channels": 6, "frames": 100}
    built = Listener(ListenerConfig(**shape, **heard, vocab_size=40))
    generator = torch.Generator().manual_seed(0)
    for parameter in built.parameters():
        torch.nn.init.normal_(parameter, mean=float(parameter.ndim == 1), std=0.2, generator=generator)
    return built.eval()


def test_costs_are_counted(module):
    assert module.config.num_parameters() == sum(p.numel() for p in module.parameters())
    x, real, written = torch.randn(1, 32, 14), torch.ones(1, 32, dtype=torch.bool), torch.zeros(1, 6, dtype=torch.long)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module.write(written, module.remember(x, real), places(real))
    attention = 2 * 2 * 32 * (2 * 8 * 8 + 6 * 8 + 6 * 6 // 2)  # which the counter leaves out
    assert module.config.flops(8, 6, training=False) == pytest.approx(counter.get_total_flops() + attention)


@torch.no_grad()
def test_a_batch_is_heard_as_each_sound_alone(module):
    sounds = [torch.randn(length, 14) for length in (37, 22, 5)]
    x, real = together(sounds)
    x = normalised(x, real)
    written = torch.randint(0, 40, (3, 4))
    whole = module.write(written, module.remember(x, real), places(real))
    for row, sound in enumerate(sounds):
        alone, only = together([sound])
        memory = module.remember(normalised(alone, only), only)
        assert (module.write(written[row : row + 1], memory, places(only)) - whole[row]).abs().max() <= 1e-4


def test_loudness_is_not_heard():
    config = ListenerConfig(
        encoder_layers=1, layers=1, width=8, heads=1, head_dim=8, ffn_width=8, context=4, vocab_size=4,
        rate=RATE, n_fft=256, hop=80, bands=20, channels=2, frames=50,
    )  # fmt: skip
    wave = torch.from_numpy(tone(700, 0.4, 1))
    spectra = [normalised(*together([spectrum(loudness * wave, config)])) for loudness in (1.0, 0.3)]
    assert (spectra[0] - spectra[1]).abs().max() < 1e-3
    assert len(spectra[0][0]) == 40
    assert len(spectrum(torch.randn(2 * RATE), config)) == 50, "no more than the model hears"


def test_changes_leave_lengths_and_neighbours_alone():
    spectra = [torch.randn(length, 10).cumsum(0) for length in (20, 31)]
    x, real = together(spectra)
    keys = torch.tensor([5, 9], dtype=torch.int32)
    same, still = warped(x, real, keys, speed=0.0, throat=0.0)
    assert torch.allclose(same, x, atol=1e-4)
    assert torch.equal(still, real)
    moved, longer = warped(x, real, keys, speed=0.3, throat=0.1)
    for row, length in enumerate((20, 31)):
        assert 0.7 * length - 1 <= longer[row].sum() <= 1.3 * length + 1
    alone, only = warped(x[1:], real[1:], keys[1:], speed=0.3, throat=0.1)
    length = int(only.sum())
    assert torch.allclose(alone[0, :length], moved[1, :length], atol=1e-4), "whatever else is in the batch"
    assert torch.allclose(coloured(x, keys, 0.5)[1], coloured(x[1:], keys[1:], 0.5)[0])
    shift = coloured(x, keys, 0.5) - x
    assert torch.allclose(shift, shift[:, :1].expand_as(shift), atol=1e-5), "the same at all times"
    assert 0 < shift.abs().max() <= 3 * 0.5
    _, fewer = warped(x, real, keys, speed=0.0, throat=0.0, cut=0.5)
    assert (fewer.sum(1) < real.sum(1)).all()
    for change in (lambda *a: noisy(*a, 1.0), lambda *a: hidden(*a, 0.5)):
        whole, single = change(x, real, keys), change(x[1:], real[1:], keys[1:])
        assert torch.allclose(single[0], whole[1])
        assert not torch.equal(whole, x)
    assert (noisy(x, real, keys, 1.0) >= x).all(), "noise only adds"
    assert torch.equal(noisy(x, real, keys, 0.0), x)


def test_a_run_that_is_stopped_goes_on_bit_for_bit(recipe, tmp_path, monkeypatch):
    text = recipe.read_text(encoding="utf-8").replace("steps = 60", "steps = 6").replace("_every = 20", "_every = 2")
    short = tmp_path / "short.toml"
    short.write_text(text.replace("evaluate_every = 30", "evaluate_every = 3"), encoding="utf-8")
    assert_resumes_exactly(short, tmp_path, monkeypatch, after=3)


def test_it_learns_what_tones_are_called(run):
    summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    assert summary["metrics"]["word_error_rate"] < 0.1
    assert summary["baselines"]["commonest_text"]["word_error_rate"] > 0.4
    assert {"nearest_sound", "commonest_text"} == summary["baselines"].keys()
    model = hub.load(run)
    assert model.kind == "listener"
    assert model.transcribe(tone(2500, 0.3, 99), RATE).text == "very high"
    assert model.transcribe(run.parent / "tones" / "00.wav").text == "low"
    assert hub.evaluate(run)["metrics"] == pytest.approx(summary["metrics"], abs=1e-5)
    assert "automatic-speech-recognition" in model.card
    assert (run / "contact-sheet.png").is_file()


def test_a_file_of_any_rate_is_heard_and_bad_ones_are_one_line(run, tmp_path):
    model = hub.load(run)
    (tmp_path / "fine.flac").write_bytes(sounding.encoded(tone(900, 0.3, 7).repeat(2), 2 * RATE, "FLAC"))
    assert model.transcribe(tmp_path / "fine.flac").text == "middle"
    (tmp_path / "long.wav").write_bytes(sounding.encoded(tone(900, 1.5, 7), RATE))
    (tmp_path / "silent.wav").write_bytes(sounding.encoded(np.zeros(4000, np.float32), RATE))
    (tmp_path / "text.wav").write_text("no sound")
    cases = {"long.wav": "1.5 s long", "silent.wav": "silent", "text.wav": "cannot be read", "none.wav": "none.wav"}
    for name, says in cases.items():
        with pytest.raises(ZaohuaError, match=says) as caught:
            model.transcribe(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_a_damaged_folder_is_one_line(module, tmp_path):
    folder = tmp_path / "model"
    ListenerModel(module, train(TokenizerConfig(kind="char"), list(PITCHES))).save(folder)
    raw = json.loads((folder / "config.json").read_text())
    for change, says in (({"bands": 0}, "bands = 0"), ({"channels": 9}, "shape"), ({"rate": "x"}, "rate = x")):
        (folder / "config.json").write_text(json.dumps(raw | change))
        with pytest.raises(ZaohuaError, match=says) as caught:
            hub.load(folder)
        assert "\n" not in str(caught.value)


def test_the_recipe_asks_for_sounds_in_one_language_and_is_planned_without_them(recipe):
    for change, says in (("data.kind=pictures", "kind"), ('data.languages=["en", "zh"]', "one language")):
        with pytest.raises(UsageError, match=says):
            validate(load_recipe(recipe, [change]), TranscribeRecipe)
    plan = describe(load_recipe(recipe, ["data.source=folder:/nowhere"]))
    assert plan["parameters"] > 10_000
    assert plan["steps"] == 60


def test_it_goes_on_from_a_folder(recipe, run, tmp_path):
    summary = train_recipe(
        recipe, f"model.base={run}", "train.steps=1", "train.optimiser=adamw", "train.learning_rate=1e-9",
        f"run.dir={tmp_path / 'more'}", quiet=True,
    )  # fmt: skip
    assert summary["metrics"]["word_error_rate"] < 0.1


def test_weights_begin_as_a_decoder_s(module):
    fresh = Listener(module.config)
    initialise_seq2seq(fresh, 3)
    assert fresh.front.first.bias.abs().max() == 0
    assert float(fresh.front.second.weight.detach().std()) == pytest.approx((9 * 6) ** -0.5, rel=0.2)
