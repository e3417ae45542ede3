"""What artifacts write is what they hold, in every format."""

import json
from html.parser import HTMLParser

import av
import numpy as np
import pytest
import soundfile
from PIL import Image as Pillow

from zaohua import labels
from zaohua.artifacts import Audio, Image, Text, Video
from zaohua.errors import UsageError, ZaohuaError

RANDOM = np.random.default_rng(0)
TONE = (0.5 * np.sin(np.arange(16_000) * 2 * np.pi * 440 / 16_000)).astype(np.float32)
FRAMES = np.stack([np.full((18, 31, 3), 20 * i, np.uint8) for i in range(9)])
TEXT = Text(text=" 接着写 <b>&\n\nend", prompt="开头", model="m", seed=3, tokens=9)


def pixels(channels: int) -> np.ndarray:
    return RANDOM.integers(0, 256, (20, 33, channels), dtype=np.uint8)


def test_text_is_prompt_and_continuation(tmp_path):
    assert str(TEXT) == "开头 接着写 <b>&\n\nend"
    assert TEXT.save(tmp_path / "a.txt").read_text(encoding="utf-8").startswith(str(TEXT) + "\n\n")
    front, body = TEXT.save(tmp_path / "a.md").read_text(encoding="utf-8").removeprefix("---\n").split("---\n")
    assert "AIGC" in front
    assert body == str(TEXT) + "\n"
    saved = json.loads(TEXT.save(tmp_path / "a.json").read_text(encoding="utf-8"))
    assert TEXT.as_dict().items() <= saved.items()
    shown: list[str] = []
    parser = HTMLParser()
    parser.handle_data = shown.append  # type: ignore[method-assign]
    parser.feed(TEXT.save(tmp_path / "a.html").read_text(encoding="utf-8"))
    assert "".join(shown).split() == str(TEXT).split()


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("suffix", [".png", ".webp", ".jpg", ".jpeg"])
def test_pictures(channels, suffix, tmp_path):
    picture = Image(pixels=np.full((20, 33, channels), 200, np.uint8))
    with Pillow.open(picture.save(tmp_path / f"a{suffix}")) as opened:
        assert opened.size == (33, 20)
        found = np.asarray(opened.convert("RGB"), dtype=int)
    on_white = 200 + 55 * 55 // 255 if channels == 4 and suffix.startswith(".j") else 200
    assert abs(found - on_white).max() <= 3


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_png_is_exact(channels, tmp_path):
    array = pixels(channels)
    with Pillow.open(Image(pixels=array).save(tmp_path / "a.PNG")) as opened:
        assert np.array_equal(np.asarray(opened).reshape(array.shape), array)
    assert np.array_equal(Image(pixels=Pillow.fromarray(array.squeeze())).pixels, array)


@pytest.mark.parametrize("suffix", Audio.suffixes)
def test_sound(suffix, tmp_path):
    found, rate = soundfile.read(Audio(samples=TONE, rate=16_000).save(tmp_path / f"a{suffix}"), dtype="float32")
    assert rate == 16_000
    exact = suffix in (".wav", ".flac")
    assert abs(len(found) - len(TONE)) <= (0 if exact else 1200)
    if exact:
        assert abs(found - TONE).max() <= 1 / 32_000
    else:
        assert np.argmax(abs(np.fft.rfft(found[:16_000], 16_000))) == 440


def test_loud_sound_is_clipped(tmp_path):
    found, _ = soundfile.read(Audio(samples=TONE * 4, rate=8000).save(tmp_path / "a.wav"))
    assert abs(found).max() <= 1
    assert (abs(found) > 0.99).mean() > 0.5


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_film(suffix, tmp_path):
    path = Video(frames=FRAMES, fps=5).save(tmp_path / f"a{suffix}")
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        found = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        assert float(stream.average_rate) == pytest.approx(5)
    assert len(found) == len(FRAMES)
    for frame, there in zip(FRAMES, found, strict=True):
        assert abs(there[:18, :31].astype(int) - frame).mean() < 3


ALL = [
    TEXT,
    Image(pixels=pixels(3), model="m"),
    Audio(samples=TONE, rate=16_000, model="m"),
    Video(frames=FRAMES, model="m"),
]


@pytest.mark.parametrize("artifact", ALL, ids=lambda a: type(a).__name__)
def test_every_file_is_labelled(artifact, tmp_path):
    for suffix in artifact.suffixes:
        found = labels.read(artifact.save(tmp_path / f"a{suffix}"))
        assert (found.label, found.producer, found.model) == ("1", "zaohua", "m")
        assert found.produce_id == artifact.provenance().produce_id
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("artifact", ALL, ids=lambda a: type(a).__name__)
def test_unknown_format_lists_the_known(artifact, tmp_path):
    for name in ("a.xyz", "a"):
        with pytest.raises(UsageError, match=artifact.suffixes[-1]):
            artifact.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_the_id_names_the_content():
    ids = {Text(text=text).provenance().produce_id for text in ("a", "b")}
    ids |= {Image(pixels=np.zeros(shape, np.uint8)).provenance().produce_id for shape in ((2, 8, 3), (8, 2, 3))}
    assert len(ids) == 4


def test_a_file_in_the_way_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ZaohuaError, match="cannot write") as caught:
        TEXT.save(tmp_path / "file" / "a.txt")
    assert "\n" not in str(caught.value)


def test_missing_library_names_the_command(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "soundfile", None)
    with pytest.raises(ZaohuaError, match=r"pip install 'zaohua\[media\]'"):
        Audio(samples=TONE, rate=8000).save(tmp_path / "a.wav")


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Image, {"pixels": np.zeros((4, 4, 3))}),
        (Image, {"pixels": np.zeros((4, 4, 2), np.uint8)}),
        (Image, {"pixels": np.zeros((0, 4, 3), np.uint8)}),
        (Audio, {"samples": np.zeros((2, 9), np.float32), "rate": 8000}),
        (Audio, {"samples": np.full(9, np.nan, np.float32), "rate": 8000}),
        (Video, {"frames": np.zeros((0, 4, 4, 3), np.uint8)}),
        (Video, {"frames": np.zeros((2, 4, 4), np.uint8)}),
    ],
)
def test_wrong_arrays(kind, values):
    with pytest.raises(ValueError, match="must be"):
        kind(**values)
