"""From any source to tensors."""

import gzip
import os
import struct
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from painting import album, encoded, painted
from PIL import Image
from reading import refused, zipped

from zaohua.data.pictures import PictureConfig, Pictures, read_pictures
from zaohua.errors import UsageError
from zaohua.i18n import set_language


@pytest.fixture(autouse=True)
def english():
    set_language("en")


def read(source: str, seed: int = 1, **settings) -> Pictures:
    return read_pictures(PictureConfig(source=source, **settings), seed)


def folder(path: Path, count: int = 40, **options) -> str:
    return f"folder:{album(path, count, **options)}"


def same(a: Pictures, b: Pictures) -> bool:
    return a.report["hash"] == b.report["hash"] and torch.equal(a.train, b.train)


message = partial(refused, read)


def test_a_folder_becomes_two_tensors(tmp_path):
    found = read(folder(tmp_path / "a"))
    assert found.train.shape == (36, 3, 32, 32)
    assert found.validation.shape == (4, 3, 32, 32)
    assert found.train.dtype == torch.uint8
    assert found.train_labels is None
    assert found.classes == ()
    assert sorted(found.train_names + found.validation_names) == [f"{n:04}.png" for n in range(40)]
    for name, pixels in zip(found.train_names, found.train, strict=True):
        expected = painted(int(name[:4])).resize((32, 32), Image.Resampling.LANCZOS)
        assert np.array_equal(pixels.permute(1, 2, 0).numpy(), np.asarray(expected))


def test_the_same_everywhere_and_another_for_another_seed(tmp_path):
    source = folder(tmp_path / "a")
    found = read(source)
    assert same(found, read(source))
    assert same(found, read(zipped(tmp_path / "a"))), "an archive of the folder, in another order, is the same"
    assert not same(found, read(source, seed=2))
    assert not same(found, read(source, size=64))
    (tmp_path / "a" / "0000.png").write_bytes(encoded(painted(999)))
    assert not same(found, read(source))


def test_folders_are_classes(tmp_path):
    album(tmp_path / "a" / "cat", 20)
    album(tmp_path / "a" / "dog", 30, first=20)
    found = read(f"folder:{tmp_path / 'a'}")
    assert found.classes == ("cat", "dog")
    assert found.report["classes"]["cat"] + found.report["classes"]["dog"] == len(found.train)
    for names, labels in ((found.train_names, found.train_labels), (found.validation_names, found.validation_labels)):
        assert [found.classes[label] for label in labels] == [name.partition("/")[0] for name in names]
    assert labels.dtype == torch.int64
    assert read(f"folder:{tmp_path / 'a'}", classes=False).train_labels is None
    album(tmp_path / "b" / "dog", 3, first=90)
    apart = read(f"folder:{tmp_path / 'a'}", validation_source=f"folder:{tmp_path / 'b'}")
    assert len(apart.train) == 50
    assert apart.validation_labels.tolist() == [1, 1, 1]
    album(tmp_path / "b" / "cow", 3, first=95)
    assert "cow" in message(f"folder:{tmp_path / 'a'}", validation_source=f"folder:{tmp_path / 'b'}")


def test_copies_are_on_one_side(tmp_path):
    source = folder(tmp_path / "a", 60)
    for number in range(0, 60, 2):
        (tmp_path / "a" / f"{number:04} copy.png").write_bytes(encoded(painted(number), compress_level=1))
        (tmp_path / "a" / f"{number:04} print.jpg").write_bytes(encoded(painted(number), "JPEG", quality=70))
    for seed in range(3):
        found = read(source, seed, validation=0.3)
        assert not {name[:4] for name in found.train_names} & {name[:4] for name in found.validation_names}
    assert found.report["copies"] == {"exact": 30, "near": 30}
    assert any("Copies" in warning for warning in found.report["warnings"])
    apart = read(source, validation_source=source)
    assert any("both in training and in validation: 120" in warning for warning in apart.report["warnings"])


def test_what_cannot_be_read_is_listed_and_the_rest_is_used(tmp_path):
    source = folder(tmp_path / "a")
    clean = read(source)
    root = tmp_path / "a"
    (root / "cut.png").write_bytes(encoded(painted(1))[:-60])
    (root / "empty.jpg").touch()
    (root / "readme.txt").write_text("hello")
    (root / ".hidden.png").write_bytes(encoded(painted(70)))
    (root / ".thumbnails").mkdir()
    (root / ".thumbnails" / "0.png").write_bytes(encoded(painted(71)))
    (root / "gone.png").symlink_to(tmp_path / "nowhere")
    (root / "round").symlink_to(root, target_is_directory=True)
    os.mkfifo(root / "pipe.png")
    found = read(source)
    assert same(found, clean)
    assert {name: reason for name, reason, _ in found.report["skipped_names"]} == {
        "cut.png": "malformed",
        "empty.jpg": "empty",
        "readme.txt": "unsupported",
    }
    assert any(warning.startswith("Files left out: 3, the first is cut.png") for warning in found.report["warnings"])


def test_an_archive_reaches_nothing_outside_itself(tmp_path):
    path = tmp_path / "in" / "a.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(30):
            archive.writestr(f"{number}.png", encoded(painted(number)))
        for name in ("../../evil.png", "/tmp/evil.png", "C:\\evil.png", "__MACOSX/._1.png", ".git/0.png"):
            archive.writestr(name, encoded(painted(len(name) + 100)))
        archive.writestr("locked.png", encoded(painted(50)))
        archive.getinfo("locked.png").flag_bits |= 1
    found = read(f"zip:{path}")
    assert len(found.train) + len(found.validation) == 33
    assert sorted(file.name for file in tmp_path.rglob("*")) == ["a.zip", "in"]
    assert ["locked.png", "encrypted", ""] in found.report["skipped_names"]
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.bmp", bytes(1 << 26))
    assert "unreasonable" in message(f"zip:{bomb}")
    bomb.write_bytes(b"PK\3\4 not really")
    assert "damaged" in message(f"zip:{bomb}")


def test_channels_follow_the_pictures(tmp_path):
    grey = folder(tmp_path / "grey", mode="L")
    assert read(grey).train.shape[1] == 1
    (tmp_path / "grey" / "colour.png").write_bytes(encoded(painted(77)))
    mixed = read(grey)
    assert mixed.train.shape[1] == 3
    assert mixed.report["kinds"] == {"grey": 40, "colour": 1, "transparent": 0}
    glass = folder(tmp_path / "glass", mode="RGBA")
    assert read(glass).train.shape[1] == 4
    assert read(glass, channels=3).train.shape[1] == 3
    assert read(glass, channels=1).train.shape[1] == 1
    album(tmp_path / "glass", 60, first=40)
    assert read(glass).train.shape[1] == 3, "most of them are opaque"


def test_what_lies_under_transparency_is_the_background(tmp_path):
    (tmp_path / "a").mkdir()
    for number in range(12):
        pixels = np.zeros((40, 40, 4), np.uint8)
        pixels[number : number + 9, 5:30] = (200, 100, 50, 255)
        (tmp_path / "a" / f"{number}.png").write_bytes(encoded(Image.fromarray(pixels)))
    three = read(f"folder:{tmp_path / 'a'}", channels=3, background=(1, 2, 3))
    assert three.train[:, :, -1, -1].unique(dim=0).tolist() == [[1, 2, 3]]
    four = read(f"folder:{tmp_path / 'a'}", background=(1, 2, 3))
    assert four.train[:, :, -1, -1].unique(dim=0).tolist() == [[1, 2, 3, 0]]


def idx(path: Path, array: np.ndarray) -> Path:
    data = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def test_idx_files_with_their_labels(tmp_path):
    pixels = np.stack([np.asarray(painted(seed, 28, 28, "L")) for seed in range(60)])
    source = f"idx:{idx(tmp_path / 'train-images-idx3-ubyte.gz', pixels)}"
    assert read(source).train_labels is None
    idx(tmp_path / "train-labels-idx1-ubyte", np.arange(60) % 12)
    found = read(source, fit="pad", background=(0, 0, 0))
    assert found.classes == tuple(map(str, range(12)))
    for name, label, row in zip(found.train_names, found.train_labels, found.train, strict=True):
        number = int(name.partition(":")[2])
        assert label == number % 12
        assert np.array_equal(row[0, 2:-2, 2:-2].numpy(), pixels[number])
        assert not row[0, :2].any()
    idx(tmp_path / "train-labels-idx1-ubyte", np.arange(59))
    assert "59 labels" in message(source)
    assert read(source, classes=False).train_labels is None
    assert "no pictures" in message(f"idx:{tmp_path / 'train-labels-idx1-ubyte'}", UsageError)


def test_mistakes_take_one_line_that_says_what_to_type(tmp_path):
    album(tmp_path / "a", 5)
    (tmp_path / "empty").mkdir()
    assert f"folder:{tmp_path / 'a'}" in message(str(tmp_path / "a"), UsageError)
    assert f"folder:{tmp_path / 'a'}" in message(str(tmp_path / "a" / "0001.png"), UsageError)
    assert "idx:PATH" in message("photos", UsageError)
    assert "builtin" in message("file:photo.png", UsageError)
    assert "check the path" in message(f"folder:{tmp_path / 'b'}")
    assert "is a folder" in message(f"zip:{tmp_path / 'a'}", UsageError)
    assert "no pictures" in message(f"folder:{tmp_path / 'empty'}")
    assert "perhaps openmoji" in message("builtin:openmojis", UsageError)
    assert "own" in message(f"folder:{tmp_path / 'a'}", classes=True)
    (tmp_path / "a" / "0001.png").rename(tmp_path / "empty" / "1.png")
    assert "1 pictures" in message(f"folder:{tmp_path / 'empty'}")


def test_more_than_memory_holds_is_refused_before_it_is_read(tmp_path, monkeypatch):
    source = folder(tmp_path / "a", 4)
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("Memory", (), {"available": 4 * 32 * 32 * 3 - 1}))
    assert "data.size" in message(source)
    assert read(source, channels=1).train.shape[1] == 1


def test_warnings_say_what_may_spoil_the_training(tmp_path):
    album(tmp_path / "a" / "many", 100, width=20)
    album(tmp_path / "a" / "few", 3, first=100)
    (tmp_path / "a" / "few" / "x.png").write_bytes((tmp_path / "a" / "many" / "0003.png").read_bytes())
    found = read(f"folder:{tmp_path / 'a'}", validation=0.05)
    told = " ".join(found.report["warnings"])
    assert "smaller than 32 pixels" in told
    assert "in two classes: 1" in told
    assert "There are only" in told
    assert "uneven" in told
    assert found.report["originals"] == {"smallest": [20, 48], "median": [20, 48], "largest": [48, 48]}
    assert found.report["enlarged"] == 101
    assert read(f"folder:{tmp_path / 'a'}", fit="contain").report["enlarged"] == 0


def test_real_photos(shared_data):
    found = read(f"zip:{shared_data / 'images/clothing/test.zip'}", size=64)
    assert len(found.train) + len(found.validation) == 372
    assert len(found.classes) == 10
    assert found.train.shape[1:] == (3, 64, 64)
    assert not found.report["skipped"]
