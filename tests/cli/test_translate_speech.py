"""zaohua translate with a listener, and zaohua data captioned."""

import json
from pathlib import Path

import numpy as np
import painting
import pytest
import sounding
import torch

from zaohua.labels import read
from zaohua.language.seq2seq.module import initialise_seq2seq
from zaohua.language.tokenizer import TokenizerConfig
from zaohua.language.tokenizer_training import train
from zaohua.multimodal.speech.model import ListenerModel
from zaohua.multimodal.speech.network import Listener
from zaohua.multimodal.speech.shape import ListenerConfig


@pytest.fixture(scope="module")
def listener(tmp_path_factory) -> str:
    tokenizer = train(TokenizerConfig(kind="char"), ["one two"])
    module = Listener(
        ListenerConfig(
            encoder_layers=1, layers=1, width=16, heads=1, head_dim=16, ffn_width=16, context=6, rate=8000, n_fft=256,
            hop=80, bands=12, channels=2, frames=100, vocab_size=tokenizer.vocab_size,
        )
    )  # fmt: skip
    initialise_seq2seq(module, 1)
    torch.nn.init.normal_(module.decoder.layers[0].mlp.down_proj.weight)
    folder = tmp_path_factory.mktemp("listener") / "ear"
    ListenerModel(module, tokenizer).save(folder)
    return str(folder)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "speech.wav"
    path.write_bytes(sounding.encoded(sounding.sounded(3)))
    return path


def test_what_is_said_is_printed_or_written_with_a_label(zaohua, listener, recording):
    answer = zaohua("translate", listener, str(recording), "--json")
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    assert found["model"] == "ear"
    assert zaohua("translate", listener, str(recording)).out.strip() == found["text"].strip()
    out = recording.with_name("said.txt")
    assert zaohua("translate", listener, str(recording), "--out", str(out)).code == 0
    assert found["text"].strip() in out.read_text(encoding="utf-8")
    assert read(out).model == "ear"


def test_wrong_wishes_are_one_line(zaohua, listener, recording):
    (recording.parent / "silent.wav").write_bytes(sounding.encoded(np.zeros(800, np.float32)))
    cases = [
        ([str(recording.parent)], "is a folder"),
        ([str(recording), "--back"], "--back"),
        ([str(recording), "--out", "said.wav"], ".txt"),
        ([str(recording.parent / "silent.wav")], "silent"),
        ([str(recording.parent / "none.wav")], "none.wav"),
    ]
    for options, says in cases:
        answer = zaohua("translate", listener, *options)
        assert answer.code in (1, 2)
        assert says in answer.err
        assert answer.err.strip().count("\n") == 0


def test_what_captions_there_are(zaohua, tmp_path):
    painting.album(tmp_path / "album", 12)
    for number in range(12):
        (tmp_path / "album" / f"{number:04}.txt").write_text(f"owl {number}", encoding="utf-8")
    sheet = tmp_path / "sheet.png"
    answer = zaohua("data", "captioned", f"folder:{tmp_path / 'album'}", "--size", "16", "--sheet", str(sheet))
    assert answer.code == 0, answer.err
    assert "12 of 12 examples" in answer.out
    assert sheet.is_file()
    facts = json.loads(zaohua("data", "captioned", f"folder:{tmp_path / 'album'}", "--size", "16", "--json").out)
    assert facts["captions"]["languages"]["en"]["examples"] == 12
    assert zaohua("data", "captioned", f"folder:{tmp_path / 'album'}", "--kind", "films").code == 2
