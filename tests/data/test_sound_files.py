"""Sound files of every format, to one channel of floats."""

import io

import av
import numpy as np
import pytest
from sounding import encoded, sounded

from zaohua.artifacts import Audio
from zaohua.data.readers.base import SkippedFile
from zaohua.data.readers.sounds import read_sound


def by_ffmpeg(wave: np.ndarray, rate: int, container: str, codec: str) -> bytes:
    """A file of a kind that libsndfile does not know."""
    target = io.BytesIO()
    with av.open(target, "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(wave[None], format="fltp", layout="mono")
        frame.rate = rate
        for packet in (*stream.encode(frame), *stream.encode(None)):
            file.mux(packet)
    return target.getvalue()


def alike(found: np.ndarray, wanted: np.ndarray) -> float:
    """Correlation at the best delay within 50 ms, which lossy formats add."""
    length = min(len(found), len(wanted))
    found, wanted = found[:length], wanted[:length]
    spectrum = np.fft.rfft(found, 2 * length) * np.conj(np.fft.rfft(wanted, 2 * length))
    return float(np.fft.irfft(spectrum).max() / (np.linalg.norm(found) * np.linalg.norm(wanted)))


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "AIFF", "OGG", "MP3"])
def test_what_libsndfile_knows(kind):
    wave = sounded(1, 1.0, 16000)
    found, rate = read_sound(io.BytesIO(encoded(wave, 16000, kind)), f"x.{kind.lower()}")
    assert rate == 16000
    assert found.dtype == np.float32
    if kind in ("OGG", "MP3"):
        assert alike(found, wave) > 0.98
    else:
        assert np.abs(found - wave).max() <= 1 / 32768


@pytest.mark.parametrize(("container", "codec"), [("ipod", "aac"), ("matroska", "aac"), ("adts", "aac")])
def test_what_ffmpeg_knows(container, codec):
    wave = sounded(1, 1.0, 16000)
    found, rate = read_sound(io.BytesIO(by_ffmpeg(wave, 16000, container, codec)), "x.m4a")
    assert rate == 16000
    assert alike(found, wave) > 0.98


def test_channels_become_their_mean():
    left, right = sounded(1), sounded(2)
    found, _ = read_sound(io.BytesIO(encoded(np.stack([left, right], 1), subtype="FLOAT")), "x.wav")
    assert np.allclose(found, (left + right) / 2, atol=1e-7)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3"])
def test_what_is_saved_is_read_again(tmp_path, suffix):
    wave = sounded(3, 1.0, 16000)
    path = Audio(samples=wave, rate=16000, model="m").save(tmp_path / f"x{suffix}")
    with path.open("rb") as stream:
        found, rate = read_sound(stream, path.name)
    assert rate == 16000
    assert alike(found, wave) > 0.98


def test_a_playlist_reaches_no_other_file(tmp_path):
    """FFmpeg would follow such files to others on the disk."""
    secret = tmp_path / "secret.wav"
    secret.write_bytes(encoded(sounded(1)))
    lists = (f"#EXTM3U\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n", f"ffconcat version 1.0\nfile '{secret}'\n")
    for text in lists:
        with pytest.raises(SkippedFile) as caught:
            read_sound(io.BytesIO(text.encode()), "x.m3u8")
        assert caught.value.reason == "unsupported"


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_samples_that_are_no_sound_are_refused(value):
    wave = sounded(1)
    wave[100] = value
    with pytest.raises(SkippedFile) as caught:
        read_sound(io.BytesIO(encoded(wave, subtype="FLOAT")), "x.wav")
    assert caught.value.reason == "malformed"


def test_samples_counted_as_in_16_bits_are_still_a_sound():
    found, _ = read_sound(io.BytesIO(encoded(32767 * sounded(1), subtype="FLOAT")), "x.wav")
    assert np.allclose(found, 32767 * sounded(1))
