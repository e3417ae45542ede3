"""The judge of speech: the scores of the published program, and in the right order."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from zaohua.data.sounds import resampled
from zaohua.errors import ZaohuaError
from zaohua.judges.dnsmos import QUESTIONS, RATE, dnsmos

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


@pytest.fixture(scope="module")
def clip(shared_data: Path) -> np.ndarray:
    """Real speech, float32 [T] at 8 kHz."""
    file = shared_data / "audio" / "asterisk-en" / "clips.zip"
    if not file.is_file():
        pytest.skip(f"no recordings in {file}")
    with zipfile.ZipFile(file) as archive:
        wave, rate = soundfile.read(io.BytesIO(archive.read("agent-newlocation.wav")), dtype="float32")
    assert rate == 8000
    return wave


def judged(waves: list[np.ndarray], rate: int) -> dict[str, float]:
    try:
        return dnsmos(waves, rate)
    except ZaohuaError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("seconds", [3.3, 11.2])
def test_scores_are_those_of_the_published_program(clip: np.ndarray, seconds: float):
    """Which leaves out some windows of longer clips for a rounding error in where they end."""
    speechmos = pytest.importorskip("speechmos.dnsmos", reason="speechmos is not installed")
    wave = np.clip(np.resize(resampled(clip, 8000, RATE), round(seconds * RATE)), -1, 1)
    wanted, found = speechmos.run(wave, RATE), judged([wave], RATE)
    for question, name in zip(QUESTIONS, ("sig_mos", "bak_mos", "ovrl_mos"), strict=True):
        assert found[question] == pytest.approx(float(wanted[name]), abs=1e-4)


def test_worse_speech_is_scored_lower(clip: np.ndarray):
    noise = np.random.default_rng(0).standard_normal(len(clip)).astype(np.float32)
    clean, noisy = judged([clip], 8000), judged([clip + 0.05 * noise], 8000)
    assert clean["overall"] > noisy["overall"] + 0.5
    assert clean["background"] > noisy["background"] + 0.5
    both = judged([clip, clip + 0.05 * noise], 8000)
    assert both["overall"] == pytest.approx((clean["overall"] + noisy["overall"]) / 2, abs=1e-4)
