"""Pairs of pictures, from sources of every kind to tensors."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from painting import album, encoded, painted
from PIL import Image
from pydantic import ValidationError

from zaohua.data.pictures.filters import edges, without_colour
from zaohua.data.pictures.pairs import PairConfig, Pairs, read_pairs, write_pair_sheet
from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import set_language


@pytest.fixture(autouse=True)
def english():
    set_language("en")


def read(source: str, made_from: str, seed: int = 1, **settings) -> Pairs:
    return read_pairs(PairConfig(source=source, input=made_from, **({"size": 32} | settings)), seed)


def two(root: Path, count: int = 40) -> tuple[str, str]:
    """Coloured pictures, and the same ones upside down and grey as JPEG files of the same names."""
    album(root / "made", count)
    (root / "from").mkdir()
    for file in sorted((root / "made").iterdir()):
        turned = Image.open(file).convert("L").transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        (root / "from" / f"{file.stem}.jpg").write_bytes(encoded(turned, "JPEG", quality=95))
    return f"folder:{root / 'made'}", f"folder:{root / 'from'}"


def belong(pairs: Pairs) -> bool:
    """Whether every input is its own target, turned and without colour."""
    for side in (pairs.train, pairs.validation):
        colours = side.targets.float().permute(0, 2, 3, 1).numpy()
        light = colours @ np.array([0.299, 0.587, 0.114])
        if np.abs(light[:, ::-1] - side.inputs[:, 0].numpy()).mean() > 6:
            return False
    return True


def test_two_folders_of_equal_names(tmp_path):
    found = read(*two(tmp_path))
    assert found.train.inputs.shape == (36, 1, 32, 32)
    assert found.train.targets.shape == (36, 3, 32, 32)
    assert found.validation.inputs.shape[0] == found.validation.targets.shape[0] == 4
    assert [Path(n).stem for n in found.train.input_names] == [Path(n).stem for n in found.train.target_names]
    assert belong(found)
    again = read(*two(tmp_path / "again"))
    assert again.report["hash"] == found.report["hash"]
    assert torch.equal(again.train.inputs, found.train.inputs)


def test_a_zip_beside_a_folder(tmp_path):
    made, made_from = two(tmp_path)
    path = tmp_path / "from.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted((tmp_path / "from").iterdir(), reverse=True):
            archive.write(file, file.name)
    assert read(made, f"zip:{path}").report["hash"] == read(made, made_from).report["hash"]


@pytest.mark.parametrize("first", ["left", "right"])
def test_pictures_side_by_side(tmp_path, first):
    """One file of two pictures is as good as two files."""
    (tmp_path / "both").mkdir()
    for number in range(40):
        one, other = painted(number), painted(1000 + number)
        whole = Image.new("RGB", (96, 48))
        whole.paste(one if first == "left" else other, (0, 0))
        whole.paste(other if first == "left" else one, (48, 0))
        (tmp_path / "both" / f"{number}.png").write_bytes(encoded(whole))
        for name, picture in (("from", one), ("made", other)):
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / f"{number}.png").write_bytes(encoded(picture))
    halves = read(f"folder:{tmp_path / 'both'}", first)
    apart = read(f"folder:{tmp_path / 'made'}", f"folder:{tmp_path / 'from'}")
    assert torch.equal(halves.train.inputs, apart.train.inputs)
    assert torch.equal(halves.train.targets, apart.train.targets)


def test_a_broken_picture_of_two_is_left_out_and_counted_once(tmp_path):
    for number in range(12):
        painting_of_two = Image.new("RGB", (96, 48), (20 * number, 9, 90))
        painting_of_two.paste(painted(number), (0, 0))
        (tmp_path / f"{number}.png").write_bytes(encoded(painting_of_two))
    (tmp_path / "broken.png").write_bytes(b"\x89PNG broken")
    (tmp_path / "narrow.png").write_bytes(encoded(painted(99, 1, 40)))
    report = read(f"folder:{tmp_path}", "left").report
    assert report["skipped"] == {"malformed": 2}
    assert [name for name, *_ in report["skipped_names"]] == ["broken.png", "narrow.png"]
    assert report["files"] == 12


@pytest.mark.parametrize(("name", "made_by"), [("edges", edges), ("grey", without_colour)])
def test_inputs_made_by_a_filter(tmp_path, name, made_by):
    found = read(f"folder:{album(tmp_path / 'a', 30)}", name)
    for made_from, target in zip(found.train.inputs, found.train.targets, strict=True):
        assert np.array_equal(made_from[0].numpy(), made_by(target.permute(1, 2, 0).numpy())[..., 0])


def test_edges_are_ink_where_lightness_changes():
    step = np.full((32, 32, 3), 200, np.uint8)
    step[:, 16:] = 20
    found = edges(step)[..., 0]
    assert (found[:, :12] == 255).all()
    assert (found[:, 22:] == 255).all()
    assert found[:, 14:18].min() < 100
    assert np.array_equal(edges(step.transpose(1, 0, 2))[..., 0], found.T)


def test_copies_of_either_kind_share_a_side(tmp_path):
    """Twenty inputs, each with three targets of its own, and the other way round."""
    for kind, period in (("from", 20), ("made", 60)):
        (tmp_path / kind).mkdir()
        for number in range(60):
            picture = painted(number % period + 100 * (kind == "made"))
            (tmp_path / kind / f"{number:02}.png").write_bytes(encoded(picture))
    for source, made_from in (("made", "from"), ("from", "made")):
        for seed in range(3):
            found = read(f"folder:{tmp_path / source}", f"folder:{tmp_path / made_from}", seed)
            sides = [{int(Path(name).stem) % 20 for name in s.target_names} for s in (found.train, found.validation)]
            assert not sides[0] & sides[1]
            assert sides[1]


def test_pictures_without_partners_are_left_out_and_named(tmp_path):
    made, made_from = two(tmp_path)
    (tmp_path / "made" / "0003.png").unlink()
    (tmp_path / "from" / "0007.jpg").rename(tmp_path / "from" / "other.jpg")
    (tmp_path / "from" / "0009.jpg").write_bytes(b"\xff\xd8\xff broken")
    found = read(made, made_from)
    assert len(found.train.inputs) + len(found.validation.inputs) == 37
    assert found.report["skipped"] == {"no_partner": 3, "malformed": 1}
    assert {name for name, *_ in found.report["skipped_names"]} == {"0003.jpg", "other.jpg", "0007.png", "0009.jpg"}
    assert any("left out" in warning for warning in found.report["warnings"])
    assert belong(found)


def test_other_proportions_are_warned_of(tmp_path):
    made, made_from = two(tmp_path)
    (tmp_path / "from" / "0005.jpg").write_bytes(encoded(painted(5, 64, 48), "JPEG"))
    (warning,) = [w for w in read(made, made_from).report["warnings"] if "two shapes" in w]
    assert "0005.png (64×48 and 48×48)" in warning


def test_held_back_by_sources_of_their_own(tmp_path):
    made, made_from = two(tmp_path)
    album(tmp_path / "later", 5, first=500)
    given = f"folder:{tmp_path / 'later'}"
    found = read(made, made_from, validation_source=given, validation_input=given)
    assert found.validation.target_names == [f"{n:04}.png" for n in range(500, 505)]
    assert len(found.train.inputs) == 40


def test_two_kinds_without_partners(tmp_path):
    one, other = f"folder:{album(tmp_path / 'a', 30)}", f"folder:{album(tmp_path / 'b', 50, first=100, mode='L')}"
    found = read(other, one, paired=False)
    assert (len(found.train.inputs), len(found.train.targets)) == (27, 45)
    assert found.train.targets.shape[1] == 1
    assert not found.paired
    assert read(other, one, paired=False).report["hash"] == found.report["hash"]
    assert read(one, other, paired=False).report["hash"] != found.report["hash"]


@pytest.mark.parametrize("paired", [True, False])
def test_a_sheet_shows_both_kinds(tmp_path, paired):
    made, made_from = two(tmp_path)
    found = read(made, made_from, paired=paired)
    write_pair_sheet(found, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        pixels = np.asarray(sheet)
    first = found.train.inputs[0, 0].numpy().repeat(2, 0).repeat(2, 1)
    assert np.array_equal(pixels[12:76, 12:76, 0], first)


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ({"input": "drawings"}, UsageError, "unknown data.input 'drawings'"),
        ({"input": "folder:nowhere"}, ZaohuaError, "nowhere"),
        ({"input": "folder:{empty}"}, ZaohuaError, "no pictures in folder:"),
        ({"source": "folder:{empty}"}, ZaohuaError, "no pictures in folder:"),
        ({"input": "folder:{others}"}, ZaohuaError, "data.paired=false"),
        ({"input": "folder:{twice}"}, ZaohuaError, "2 pictures in folder:"),
        ({"input": "folder:{broken}"}, ZaohuaError, "no pictures in folder:"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path, change, kind, says):
    made, made_from = two(tmp_path, 3)
    places = {name: tmp_path / name for name in ("empty", "others", "twice", "broken")}
    for place in places.values():
        place.mkdir()
    (places["others"] / "a.png").write_bytes(encoded(painted(1)))
    for name in ("0000.png", "0000.webp"):
        (places["twice"] / name).write_bytes(encoded(painted(2), name[5:].upper()))
    for name in ("0000.png", "0001.png"):
        (places["broken"] / name).write_bytes(b"no picture")
    given = {"source": made, "input": made_from} | {key: value.format(**places) for key, value in change.items()}
    with pytest.raises(kind, match=says) as caught:
        read(given.pop("source"), given.pop("input"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"input": "edges", "paired": False}, "leave paired = true"),
        ({"input": "folder:a", "crop": 64, "size": 32}, "does not fit"),
        ({"input": "folder:a", "validation_source": "folder:b"}, "give both or none"),
    ],
)
def test_settings_that_contradict_each_other(settings, says):
    with pytest.raises(ValidationError, match=says):
        PairConfig(source="folder:x", **settings)
