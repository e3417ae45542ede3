"""The recogniser of words."""

import io
import zipfile

import numpy as np
import pytest
import soundfile

from zaohua.errors import ZaohuaError
from zaohua.judges.speech import DIGITS, SpeechJudge, agreement, spoken_words


def test_agreement_counts_what_was_heard():
    found = agreement(["one", "two", "two", ""], ["one", "one", "two", "two"])
    assert found["accuracy"] == 0.5
    assert found["by_word"] == {"one": 0.5, "two": 0.5}
    assert found["taken_for"] == {"one": 1, "two": 2, "": 1}
    others = agreement(["nine", "one", "nine"], ["one", "one", "one"])
    assert others["taken_for"] == {"one": 1, "nine": 2}, "words that nobody wanted, too"


def test_without_the_library_one_line_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pocketsphinx", None)
    with pytest.raises(ZaohuaError, match=r"zaohua\[judges\]") as caught:
        SpeechJudge(["yes", "no"])
    assert "\n" not in str(caught.value)


def test_classes_that_are_words():
    pytest.importorskip("pocketsphinx")
    assert spoken_words(tuple("0123456789")) == DIGITS
    assert spoken_words(["Yes", "no"]) == ("yes", "no")
    assert spoken_words(["yes"]) == ()
    assert spoken_words(["yes", "Yes"]) == ()
    assert spoken_words(["yes", "xqzt"]) == ()
    assert spoken_words(["猫", "狗"]) == ()


def test_real_digits_are_heard_and_noise_is_not(shared_data):
    pytest.importorskip("pocketsphinx")
    with zipfile.ZipFile(shared_data / "audio/fsdd/recordings.zip") as archive:
        names = [f"{digit}_{voice}_{take}.wav" for digit in range(10) for voice in ("lucas", "theo") for take in (3, 9)]
        held = {name.rpartition("/")[2]: name for name in archive.namelist()}
        waves = [soundfile.read(io.BytesIO(archive.read(held[name])), dtype="float32")[0] for name in names]
    judge, wanted = SpeechJudge(DIGITS), [DIGITS[int(name[0])] for name in names]
    progress = []
    real = agreement(judge.heard(waves, 8000, on_progress=progress.append), wanted)
    assert real["accuracy"] > 0.8
    assert progress == list(range(1, 41))
    draw = np.random.default_rng(0)
    noise = [0.1 * draw.standard_normal(len(wave)).astype(np.float32) for wave in waves]
    assert agreement(judge.heard(noise, 8000), wanted)["accuracy"] < 0.4
    backwards = [wave[::-1].copy() for wave in waves]
    assert agreement(judge.heard(backwards, 8000), wanted)["accuracy"] < real["accuracy"] - 0.2
