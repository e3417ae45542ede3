"""zaohua data sounds, and zaohua generate and evaluate with sound models, through the command line's own entry."""

import json

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image
from sounding import folder_of_sounds

from zaohua import labels
from zaohua.cli import run
from zaohua.gan.networks.shape import build_generator, shape
from zaohua.gan.sounds.forms import SpectrumForm
from zaohua.gan.sounds.model import SoundModel


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A model folder named `m`, in the working directory: half a second at 8,000 Hz, of two classes."""
    monkeypatch.chdir(tmp_path)
    form = SpectrumForm(8000, 4000, 32, 1.0)
    networks = shape("nano", form.points, form.channels, classes=2, latent=4, generator_width=0.1)
    torch.manual_seed(0)
    SoundModel(build_generator(networks), networks, form, ("bell", "drum")).save("m")
    return tmp_path


def test_one_sound_has_a_name_of_its_own_and_a_label(folder, capsys):
    assert run(["generate", "m", "--seed", "3", "--class", "drum", "--lang", "en"]) == 0
    assert capsys.readouterr().out.strip() == "saved m-3.wav"
    wave, rate = soundfile.read("m-3.wav")
    assert (rate, wave.shape) == (8000, (4000,))
    assert labels.read("m-3.wav") is not None


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg"])
def test_several_are_numbered_in_any_format(folder, capsys, suffix):
    assert run(["generate", "m", "-n", "2", "--class", "bell", "--out", f"some.{suffix}", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["files"] == [{"file": f"some-{number}.{suffix}", "class": "bell"} for number in (1, 2)]
    assert (document["rate"], document["seconds"]) == (8000, 0.5)
    waves = [soundfile.read(one["file"])[0] for one in document["files"]]
    assert not np.allclose(*waves)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--class", "horn"], "bell, drum"),
        (["--out", "x.png"], ".wav"),
        (["--temperature", "2"], "--temperature"),
        (["a prompt"], "a prompt"),
        (["--grid"], "--grid"),
        (["-n", "0"], "0"),
    ],
)
def test_what_it_cannot_do_is_said_in_one_line(folder, capsys, options, told):
    assert run(["generate", "m", *options, "--lang", "en"]) == 2
    captured = capsys.readouterr()
    assert told in captured.err
    assert captured.err.count("\n") == 1
    assert not captured.out
    assert [path.name for path in folder.iterdir()] == ["m"]


def test_its_measures_stand_beside_those_of_real_sounds(folder, capsys):
    for number, kind in enumerate(("bell", "drum")):
        folder_of_sounds(folder / "real" / kind, 14, first=100 * number)
    assert run(["evaluate", "m", "--data", f"folder:{folder / 'real'}", "--samples", "16", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["metrics"]["fd"] > found["baselines"]["floor"]["fd"]
    assert found["scores"]["extractor"] == "log-mel-16x16"


def test_report_and_sheet(tmp_path, capsys):
    folder_of_sounds(tmp_path / "a", 20)
    (tmp_path / "a" / "odd.bin").write_bytes(b"\0")
    sheet, command = tmp_path / "sheet.png", ["data", "sounds", f"folder:{tmp_path / 'a'}"]
    assert run([*command, "--sheet", str(sheet), "--seconds", "0.4", "--lang", "zh"]) == 0
    out = capsys.readouterr().out
    assert "8,000" in out
    assert "odd.bin" in out
    assert Image.open(sheet).size[0] > 500
    assert run([*command, "--sheet", str(sheet), "--lang", "en"]) == 2
    assert "already there" in capsys.readouterr().err
    assert run([*command, "--json", "--rate", "16000"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["sounds"] == {"train": 18, "validation": 2}
    assert facts["rate"] == 16000
    assert run([*command, "--rate", "fast", "--lang", "en"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
