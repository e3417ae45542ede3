"""From films and folders of frames to windows."""

import contextlib
import io
from functools import partial
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from filming import film_bytes, filmed, reel, still_bytes
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from reading import refused, zipped

from zaohua.data.clip import Film
from zaohua.data.clips import ClipConfig, Clips, clip_sheet, read_clips, write_clip_sheet
from zaohua.data.clips.opening import sampled
from zaohua.data.clips.sources import by_number
from zaohua.data.clips.windows import windows_of
from zaohua.data.readers import films
from zaohua.data.readers.base import SkippedFile
from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import set_language


@pytest.fixture(autouse=True)
def english():
    set_language("en")


def read(source: str, seed: int = 1, **settings) -> Clips:
    return read_clips(ClipConfig(source=source, **{"frames": 8, "validation": 0.2} | settings), seed)


message = partial(refused, read)


def frames_of(folder: Path, clip: np.ndarray, name: str = "{:d}.png") -> None:
    folder.mkdir(parents=True)
    for number, frame in enumerate(clip):
        (folder / name.format(number)).write_bytes(still_bytes(frame))


def test_films_become_windows(tmp_path):
    found = read(f"folder:{reel(tmp_path / 'a', 10)}")
    assert found.fps == 10
    assert found.classes == ()
    assert found.report["clips"] == {"train": 8, "validation": 2}
    assert found.report["windows"] == {"train": 8 * 5, "validation": 2 * 5}  # 12 frames hold 5 windows of 8
    assert len(found.train) == 40
    assert found.train.frames.shape == (96, 3, 32, 32)
    assert found.train.frames.dtype == torch.uint8
    assert not set(found.train_names) & set(found.validation_names), "all windows of a clip are on one side"
    name = found.train_names[0]
    near = torch.from_numpy(filmed(int(name[:3]))).permute(0, 3, 1, 2).float()
    whole = found.train.at(torch.tensor([0, 4])).float()
    assert (whole[0] - near[:8]).abs().mean() < 6  # but for what H.264 loses
    assert (whole[1] - near[4:12]).abs().mean() < 6


def test_a_folder_of_frames_is_a_clip_in_the_order_of_its_numbers(tmp_path):
    for number in range(6):
        frames_of(tmp_path / "a" / f"clip{number}", filmed(number))
    found = read(f"folder:{tmp_path / 'a'}")
    assert found.fps == 8  # nothing says how fast they are
    first = int(found.train_names[0][4:])
    expected = torch.from_numpy(filmed(first)).permute(0, 3, 1, 2)
    assert torch.equal(found.train.at(torch.tensor([0]))[0], expected[:8])
    assert found.report["rates"] == {"": 6}


def test_animations_keep_their_pace(tmp_path):
    root = tmp_path / "a"
    reel(root, 5, suffix=".gif")  # 10 frames a second
    found = read(f"folder:{root}", fps=20, frames=20)
    assert found.train.frames.shape[0] == 4 * 24
    clip = found.train.frames[:24]
    assert torch.equal(clip[0::2], clip[1::2]), "at twice the rate every frame is shown twice"
    assert found.report["slower"] == 5
    assert any("twice" in warning for warning in found.report["warnings"])


def test_a_rate_beyond_what_a_recipe_may_name_becomes_the_nearest(tmp_path):
    for number in range(3):
        pictures = [Image.fromarray(frame) for frame in filmed(number, frames=60)]
        pictures[0].save(tmp_path / f"{number}.png", save_all=True, append_images=pictures[1:], duration=2)
        (tmp_path / f"{number}.png").rename(tmp_path / f"{number}.apng")
    assert read(f"folder:{tmp_path}").fps == 240


def test_the_same_everywhere_and_another_for_another_seed(tmp_path):
    root = reel(tmp_path / "a", 12)
    found, again, archive = read(f"folder:{root}"), read(f"folder:{root}"), read(zipped(root))
    assert found.report["hash"] == again.report["hash"] == archive.report["hash"]
    assert torch.equal(found.train.frames, archive.train.frames)
    for other in (
        read(f"folder:{root}", seed=2),
        read(f"folder:{root}", frames=9),
        read(f"folder:{root}", fps=5, frames=6),
    ):
        assert other.report["hash"] != found.report["hash"]


def test_folders_are_classes(tmp_path):
    reel(tmp_path / "a" / "walk", 5)
    for number in range(4):
        frames_of(tmp_path / "a" / "wave" / str(number), filmed(100 + number))
    found = read(f"folder:{tmp_path / 'a'}")
    assert found.classes == ("walk", "wave")
    assert found.train_labels is not None
    assert len(found.train_labels) == len(found.train)
    for number, label in zip(found.train.clips.tolist(), found.train_labels.tolist(), strict=True):
        assert found.train_names[number].startswith(found.classes[label])
    assert sum(found.report["classes"].values()) == found.report["clips"]["train"]
    assert "not parted into classes" in message(f"folder:{tmp_path / 'a' / 'walk'}", classes=True)


def test_copies_stay_on_one_side(tmp_path):
    root = reel(tmp_path / "a", 6)
    for number in range(6):
        (root / f"copy{number}.mp4").write_bytes((root / f"{number:03}.mp4").read_bytes())
    found = read(f"folder:{root}", validation=0.4)
    assert found.report["copies"]["exact"] == 6
    sides = {name: side for side in ("train", "validation") for name in getattr(found, f"{side}_names")}
    assert all(sides[f"{number:03}.mp4"] == sides[f"copy{number}.mp4"] for number in range(6))
    assert any("Copies" in warning for warning in found.report["warnings"])


def test_what_cannot_be_used_is_listed(tmp_path):
    root = reel(tmp_path / "a", 6)
    whole = film_bytes(filmed(50, frames=40))
    (root / "broken.mp4").write_bytes(whole[: len(whole) // 3])
    (root / "empty.mp4").write_bytes(b"")
    (root / "notes.txt").write_text("not a film")
    (root / "short.gif").write_bytes(film_bytes(filmed(51, frames=5), ".gif"))
    (root / "still.gif").write_bytes(film_bytes(filmed(52, frames=1), ".gif"))
    (root / "one.png").write_bytes(still_bytes(filmed(53)[0]))
    (root / "list.m3u8").write_text("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n")
    found = read(f"folder:{root}")
    reasons = {name: reason for name, reason, _ in found.report["skipped_names"]}
    assert reasons == {
        "broken.mp4": "malformed",
        "empty.mp4": "empty",
        "notes.txt": "unsupported",
        "short.gif": "short",
        "still.gif": "still",
        "one.png": "still",
        "list.m3u8": "unsupported",
    }
    assert found.report["files"] == 6


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("suffix", [".gif", ".mp4"])
def test_a_file_damaged_anywhere_is_a_clip_or_skipped(suffix):
    """Cut short at forty places, and with a byte overwritten there."""
    whole = film_bytes(filmed(1), suffix)

    def show(data: bytes) -> None:
        with contextlib.suppress(SkippedFile), films.read_film(io.BytesIO(data), f"x{suffix}", 32) as film:
            list(film.frames)

    for place in range(13, len(whole), len(whole) // 40):
        show(whole[:place])
        show(whole[:place] + b"\xff" + whole[place + 1 :])


def test_a_frame_beyond_anything_real_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(films, "_PIXELS", 100)
    for suffix in (".mp4", ".gif"):
        assert "unreasonable" in message(f"folder:{reel(tmp_path / suffix, 2, suffix=suffix)}")


def test_long_films_are_cut_and_said_to_be(tmp_path):
    root = reel(tmp_path / "a", 5, frames=30)
    found = read(f"folder:{root}", longest=1.0)
    assert len(found.train.frames) == 4 * 10
    assert found.report["cut"] == 5


def test_grey_films_have_one_channel(tmp_path):
    for number in range(5):
        clip = filmed(number).mean(3, keepdims=True).astype(np.uint8).repeat(3, axis=3)
        (tmp_path / f"{number}.gif").write_bytes(film_bytes(clip, ".gif"))
    assert read(f"folder:{tmp_path}").train.frames.shape[1] == 1
    assert read(f"folder:{tmp_path}", channels=3).train.frames.shape[1] == 3


def test_wide_pixels_are_made_square(tmp_path):
    clip = np.zeros((9, 32, 64, 3), np.uint8)
    path = tmp_path / "a" / "wide.mp4"
    path.parent.mkdir()
    with av.open(path, "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 32, "yuv420p"
        stream.codec_context.sample_aspect_ratio = 2
        for frame in clip:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    for number in range(2):
        (path.parent / f"{number}.mp4").write_bytes(film_bytes(filmed(number)))
    found = read(f"folder:{path.parent}", fit="contain")
    assert found.report["originals"]["largest"] == [128, 32]


def test_what_a_turned_camera_saw_stands_upright():
    pixels = np.zeros((32, 64, 3), np.uint8)
    pixels[:16, :32] = 255  # light at the top left

    class Turned:
        width, height, rotation = 64, 32, -90  # to be shown turned clockwise

        def to_image(self) -> Image.Image:
            return Image.fromarray(pixels)

    image = films._upright(Turned(), None, 32)
    assert image.size == (32, 64) == image.info["original"]
    light = np.asarray(image)[..., 0]
    assert light[:32, 16:].min() == 255, "now at the top right"
    assert light.mean() == 255 / 4


@pytest.mark.parametrize(
    ("source", "kind", "part"),
    [
        ("folder:nowhere", ZaohuaError, "nowhere"),
        ("builtin:moving-digit", UsageError, "moving-digits"),
        ("idx:x", UsageError, "folder:PATH"),
        ("zip:nowhere.zip", ZaohuaError, "nowhere.zip"),
    ],
)
def test_wrong_sources_are_one_line(source, kind, part):
    assert part in message(source, kind)


def test_a_folder_without_clips_is_one_line(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing")
    assert "format not supported" in message(f"folder:{tmp_path}")


def test_one_clip_leaves_nothing_to_measure_on(tmp_path):
    assert "copies" in message(f"folder:{reel(tmp_path / 'a', 1)}")


@given(st.lists(st.floats(0.01, 0.3), min_size=2, max_size=12), st.floats(2, 40))
def test_sampling_shows_the_frame_that_stands_at_each_time(steps, fps):
    times = np.cumsum([1.5, *steps[:-1]])  # a film need not begin at 0
    images = [Image.new("L", (1, 1), number) for number in range(len(times))]
    found = [image.getpixel((0, 0)) for image in sampled(Film(10.0, iter(zip(times, images, strict=True))), fps)]
    end = times[-1] - times[0] + 0.1
    asked = np.arange(len(found)) / fps
    assert len(found) == sum(np.arange(2000) / fps < end - 1e-6)
    expected = [int(np.searchsorted(times - times[0], time + 1e-6, side="right")) - 1 for time in asked]
    assert found == expected


@given(st.lists(st.integers(3, 9), min_size=1, max_size=5), st.integers(1, 3))
def test_windows_are_every_stretch_of_every_clip(lengths, length):
    clips = [
        np.random.default_rng(n).integers(0, 256, (count, 2, 2, 1), dtype=np.uint8) for n, count in enumerate(lengths)
    ]
    windows = windows_of(list(clips), 3, length)
    expected = [
        (number, clip[start : start + length].repeat(3, axis=3).transpose(0, 3, 1, 2))
        for number, clip in enumerate(clips)
        for start in range(len(clip) - length + 1)
    ]
    assert len(windows) == len(expected)
    found = windows.at(torch.arange(len(windows))).numpy()
    for window, number, (clip, frames) in zip(found, windows.clips.tolist(), expected, strict=True):
        assert number == clip
        assert np.array_equal(window, frames)
    spread = windows.spread(3)
    assert len(spread) == min(3, len(windows))
    assert (spread.diff() > 0).all()


def test_numbers_in_names_sort_by_value():
    names = ["b2.png", "a10.png", "a9.png", "10.png", "2.png"]
    assert sorted(names, key=by_number) == ["2.png", "10.png", "a9.png", "a10.png", "b2.png"]


def test_the_sheet_shows_frames_in_rows(tmp_path):
    found = read(f"folder:{reel(tmp_path / 'a', 20)}")
    sheet = clip_sheet(found)
    assert sheet.width == 8 * 68 + 4
    assert sheet.height == 16 * (64 + 14 + 4) + 4
    cell = np.asarray(sheet)[4:68, 4:68]
    expected = found.train.frames[found.train.starts[0]].permute(1, 2, 0).numpy().repeat(2, 0).repeat(2, 1)
    assert np.array_equal(cell, expected)
    write_clip_sheet(found, tmp_path / "sheet.png")
    assert Image.open(io.BytesIO((tmp_path / "sheet.png").read_bytes())).size == sheet.size


def test_more_than_memory_holds_is_refused(tmp_path, monkeypatch):
    source = f"folder:{reel(tmp_path / 'a', 3)}"
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("Memory", (), {"available": 1000}))
    assert "0.0 GB" in message(source)
