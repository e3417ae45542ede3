"""zaohua translate with a vocoder."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from zaohua.gan.vocoder.generator import Generator, VocoderShape
from zaohua.gan.vocoder.model import VocoderModel
from zaohua.labels import read
from zaohua.nn.mel import MelConfig


@pytest.fixture(scope="module")
def vocoder(tmp_path_factory) -> str:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("vocoder") / "voice"
    shape = VocoderShape(MelConfig(8000, 64, 16, 12), width=8, layers=1, rounds=2)
    VocoderModel(Generator(shape).eval()).save(folder)
    return str(folder)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Half a second at 16 kHz."""
    path = tmp_path / "speech.wav"
    soundfile.write(path, 0.3 * np.sin(np.arange(8000) / 9).astype(np.float32), 16_000)
    return path


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg"])
def test_a_recording_is_copied_at_the_rate_of_the_vocoder(zaohua, vocoder, recording, suffix):
    out = recording.with_name(f"copy{suffix}")
    answer = zaohua("translate", vocoder, str(recording), "--out", str(out), "--json")
    assert answer.code == 0, answer.err
    assert json.loads(answer.out) == {
        "model": "voice",
        "input": str(recording),
        "output": str(out),
        "rate": 8000,
        "seconds": 0.5,
    }
    assert soundfile.info(out).samplerate == 8000
    assert read(out).model == "voice"  # labelled as made by AI


def test_left_out_the_copy_is_named_after_the_recording(zaohua, vocoder, recording, monkeypatch):
    monkeypatch.chdir(recording.parent)
    answer = zaohua("translate", vocoder, "speech.wav")
    assert answer.code == 0, answer.err
    assert "speech-translated.wav (0.5 s)" in answer.out
    assert (recording.parent / "speech-translated.wav").is_file()


def test_wrong_wishes_are_one_line_and_leave_nothing(zaohua, vocoder, recording):
    folder, same = recording.parent, str(recording)
    cases = [
        (["missing.wav"], 2, "missing.wav"),
        ([str(folder)], 2, "name one sound file"),
        ([same, "--back"], 2, "--back"),
        ([same, "--out", same], 2, "write over"),
        ([same, "--out", str(folder / "copy.txt")], 2, ".wav"),
    ]
    for arguments, code, message in cases:
        answer = zaohua("translate", vocoder, *arguments)
        assert (answer.code, answer.err.count("\n")) == (code, 1), answer.err
        assert message in answer.err
    assert [path.name for path in folder.iterdir()] == ["speech.wav"]
