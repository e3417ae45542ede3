"""From any source to waves."""

from functools import partial

import numpy as np
import pytest
import torch
from reading import refused, zipped
from sounding import encoded, folder_of_sounds, sounded

from zaohua.data import builtin
from zaohua.data.sounds import SoundConfig, Sounds, read_sounds, sound_sheet, write_sound_sheet
from zaohua.data.sounds.wave import PEAK
from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import set_language


@pytest.fixture(autouse=True)
def english():
    set_language("en")


def read(source: str, seed: int = 1, **settings) -> Sounds:
    return read_sounds(SoundConfig(source=source, **settings), seed)


message = partial(refused, read)


def test_a_folder_becomes_two_lists_of_waves(tmp_path):
    found = read(f"folder:{folder_of_sounds(tmp_path / 'a', 40)}")
    assert (len(found.train), len(found.validation), found.rate) == (36, 4, 8000)
    assert sorted(found.train_names + found.validation_names) == [f"{number:04}.wav" for number in range(40)]
    assert found.train_labels is None
    assert found.classes == ()
    for name, wave in zip(found.train_names, found.train, strict=True):
        assert wave.dtype == torch.float32
        assert np.abs(wave.numpy() - sounded(int(name[:4]))).max() <= 1 / 32768
    assert found.report["durations"] == {"total": 20.0, "shortest": 0.5, "median": 0.5, "longest": 0.5}


@pytest.mark.parametrize(("stored", "rate"), [(1000, 4000), (192_000, 96_000)])
def test_a_rate_beyond_what_a_recipe_may_name_becomes_the_nearest(tmp_path, stored, rate):
    root = folder_of_sounds(tmp_path / "a", 4, rate=stored, seconds=2.0)
    assert read(f"folder:{root}").rate == rate


def test_a_sound_of_one_sample_is_no_trouble(tmp_path):
    root = folder_of_sounds(tmp_path / "a", 8)
    (root / "one.wav").write_bytes(encoded(np.full(1, 0.5, np.float32), 48_000))
    found = read(f"folder:{root}", trim=True, level=True)
    assert "one.wav" in found.train_names + found.validation_names


def test_the_same_everywhere_and_another_for_another_seed(tmp_path):
    source = f"folder:{folder_of_sounds(tmp_path / 'a', 30)}"
    found = read(source)
    assert found.report["hash"] == read(source).report["hash"] == read(zipped(tmp_path / "a")).report["hash"]
    assert found.report["hash"] != read(source, seed=2).report["hash"]
    assert found.report["hash"] != read(source, rate=16000).report["hash"]


def test_one_length_one_loudness_one_rate(tmp_path):
    root = folder_of_sounds(tmp_path / "a", 12)
    folder_of_sounds(root, 6, first=100, rate=16000, seconds=0.9)
    found = read(f"folder:{root}", seconds=0.75, level=True, trim=True)
    assert found.rate == 8000, "what most files have"
    both = torch.stack([*found.train, *found.validation])
    assert both.shape == (18, 6000)
    assert torch.allclose(both.abs().amax(1), torch.tensor(PEAK), atol=1e-4)
    assert found.report["cut"] == 6
    assert found.report["rates"] == {"8000": 12, "16000": 6}
    assert read(f"folder:{root}", rate=22050).rate == 22050


def test_folders_are_classes_and_names_else(tmp_path):
    for number, kind in enumerate(("bell", "drum")):
        folder_of_sounds(tmp_path / "a" / kind, 12, first=100 * number)
    found = read(f"folder:{tmp_path / 'a'}")
    assert found.classes == ("bell", "drum")
    assert [found.classes[label] for label in found.train_labels] == [name.split("/")[0] for name in found.train_names]
    assert read(f"folder:{tmp_path / 'a'}", classes=False).train_labels is None
    (tmp_path / "b").mkdir()
    for number in range(24):
        (tmp_path / "b" / f"{number % 2}_{number}.wav").write_bytes(encoded(sounded(number)))
    found = read(f"folder:{tmp_path / 'b'}")
    assert [found.classes[label] for label in found.train_labels] == [name[0] for name in found.train_names]
    (tmp_path / "b" / "noise.wav").write_bytes(encoded(sounded(99)))
    assert read(f"folder:{tmp_path / 'b'}").classes == ()
    assert "does not begin" in message(f"folder:{tmp_path / 'b'}", classes="names")


def test_a_voice_is_on_one_side(tmp_path):
    (tmp_path / "a").mkdir()
    for number, voice in enumerate(["ann", "bob", "cy"] * 6):
        (tmp_path / "a" / f"{number % 2}_{voice}_{number}.wav").write_bytes(encoded(sounded(number)))
    found = read(f"folder:{tmp_path / 'a'}")
    sides = [{name.split("_")[1] for name in names} for names in (found.train_names, found.validation_names)]
    assert not sides[0] & sides[1]
    assert found.report["voices"] == {"train": sorted(sides[0]), "validation": sorted(sides[1])}
    held = {read(f"folder:{tmp_path / 'a'}", seed=seed).report["voices"]["validation"][0] for seed in range(12)}
    assert held == {"ann", "bob", "cy"}
    assert read(f"folder:{tmp_path / 'a'}", voices="mixed").report["voices"]["validation"] == []


def test_copies_of_a_sound_are_on_one_side(tmp_path):
    root = folder_of_sounds(tmp_path / "a", 30)
    for number in range(8):
        wave = sounded(number)
        (root / f"copy-{number:04}.wav").write_bytes(encoded(wave))
        (root / f"louder-{number:04}.flac").write_bytes(encoded(1.7 * wave + 1e-4, kind="FLAC"))
    for seed in range(5):
        found = read(f"folder:{root}", seed=seed)
        assert found.report["copies"]["exact"] == 8
        assert found.report["copies"]["near"] >= 8
        held = {name[-8:-4].strip("-.") for name in found.validation_names}
        assert not held & {name[-8:-4].strip("-.") for name in found.train_names}


def test_what_is_no_sound_is_listed_and_skipped(tmp_path):
    root = folder_of_sounds(tmp_path / "a", 12)
    good = encoded(sounded(50))
    (root / "cut.flac").write_bytes(encoded(sounded(51), kind="FLAC")[:600])
    (root / "damaged.mp3").write_bytes(b"ID3" + bytes(range(256)) * 4)
    (root / "empty.wav").write_bytes(b"")
    (root / "headless.wav").write_bytes(good[60:])
    (root / "notes.txt").write_text("no sound")
    (root / "nothing.wav").write_bytes(encoded(np.zeros(0, np.float32)))
    (root / "silent.wav").write_bytes(encoded(np.zeros(4000, np.float32)))
    (root / "nan.wav").write_bytes(encoded(np.full(400, np.nan, np.float32), subtype="FLOAT"))
    found = read(f"folder:{root}")
    skipped = {name: reason for name, reason, _ in found.report["skipped_names"]}
    assert len(found.train) + len(found.validation) == 12
    assert skipped["notes.txt"] == "unsupported"
    assert skipped["silent.wav"] == "silent"
    assert skipped["empty.wav"] == skipped["nothing.wav"] == "empty"
    assert skipped["nan.wav"] == skipped["headless.wav"] == skipped["damaged.mp3"] == "malformed"
    assert len(skipped) == 8, "and the cut one"
    assert "Files left out: 8" in " ".join(found.report["warnings"])


def test_a_file_that_promises_too_much_is_refused(tmp_path, monkeypatch):
    root = folder_of_sounds(tmp_path / "a", 6)
    (root / "long.flac").write_bytes(encoded(np.tile(sounded(1), 50), kind="FLAC"))
    monkeypatch.setattr("zaohua.data.readers.sounds._MOST", 100_000)
    assert read(f"folder:{root}").report["skipped"] == {"bomb": 1}


def test_clipped_recordings_are_counted(tmp_path):
    root = folder_of_sounds(tmp_path / "a", 6)
    (root / "loud.wav").write_bytes(encoded(np.clip(20 * sounded(9), -1, 1)))
    assert read(f"folder:{root}").report["clipped"] == 1


def test_mistakes_take_one_line_that_says_what_to_type(tmp_path):
    folder_of_sounds(tmp_path / "a", 1)
    assert f"folder:{tmp_path / 'a'}" in message(str(tmp_path / "a"), UsageError)
    assert "folder:PATH" in message("sounds", UsageError)
    assert "check the path" in message(f"folder:{tmp_path / 'b'}")
    assert "1 sounds" in message(f"folder:{tmp_path / 'a'}")
    (tmp_path / "a" / "0000.wav").write_text("no")
    assert "no sounds" in message(f"folder:{tmp_path / 'a'}")
    assert "perhaps effects" in message("builtin:effect", UsageError)
    (tmp_path / "x.zip").write_bytes(b"PK no archive")
    assert "x.zip" in message(f"zip:{tmp_path / 'x.zip'}")


def test_a_sheet_shows_some_of_every_class(tmp_path):
    for number, kind in enumerate(("bell", "drum")):
        folder_of_sounds(tmp_path / "a" / kind, 10, first=100 * number)
    found = read(f"folder:{tmp_path / 'a'}")
    sheet = np.asarray(sound_sheet(found).convert("L"))
    assert sheet.shape[1] == 8 * 72 + 8
    assert len(np.unique(sheet)) > 50
    write_sound_sheet(found, tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").read_bytes()[1:4] == b"PNG"


def test_spoken_digits(shared_data):
    found = read(f"zip:{shared_data / 'audio/fsdd/recordings.zip'}")
    assert found.classes == tuple("0123456789")
    assert len(found.train) + len(found.validation) == 2500
    assert len(found.report["voices"]["validation"]) == 1
    assert found.report["rates"] == {"8000": 2500}


def test_sounds_at_many_rates(shared_data):
    found = read(f"zip:{shared_data / 'audio/tuxpaint-sounds/sounds.zip'}", rate=16000)
    assert len(found.train) + len(found.validation) == 103
    assert found.report["skipped"] == {"silent": 4}
    assert len(found.report["rates"]) > 5


def test_the_built_in_effects():
    try:
        found = read("builtin:effects", rate=16000)
    except UsageError:
        raise
    except ZaohuaError as error:
        pytest.skip(str(error))
    assert len(found.train) + len(found.validation) == builtin.SETS["effects"].documents
    assert len(found.classes) == 12
    assert found.report["rate"] == 16000


def test_more_than_memory_holds_is_refused(tmp_path, monkeypatch):
    source = f"folder:{folder_of_sounds(tmp_path / 'a', 3)}"
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("Memory", (), {"available": 1000}))
    assert "0.0 GB" in message(source)
