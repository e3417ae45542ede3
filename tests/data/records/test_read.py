"""A user's table becomes typed columns; what cannot be used is named and counted."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from sounding import encoded
from tabling import a_table

from zaohua.data.records import RecordsConfig, read_records
from zaohua.errors import UsageError, ZaohuaError

EVERYTHING = {
    "text": "text",
    "image": "photo",
    "audio": "tone",
    "video": "clip",
    "numbers": ["price"],
    "categories": ["colour"],
    "size": 16,
    "rate": 8000,
    "seconds": 0.2,
    "frames": 3,
}


def test_every_modality_has_its_form_and_absent_cells_are_zero(tmp_path):
    table = a_table(tmp_path, 30)
    found = read_records(RecordsConfig(source=f"csv:{table}", **EVERYTHING, validation=0.2), 1)
    assert found.modalities == ("text", "image", "audio", "video", "table")
    assert found.classes == ("day", "night")
    for side in (found.train, found.validation):
        count = len(side)
        assert side.values["image"].shape == (count, 3, 16, 16)
        assert side.values["image"].dtype == torch.uint8
        assert side.values["audio"].shape == (count, 1600)
        assert side.values["video"].shape == (count, 3, 3, 16, 16)
        assert side.values["table"].numbers.shape == (count, 1)
        for name in ("image", "audio", "video"):
            there = side.values[name].flatten(1).float().abs().sum(1) > 0
            assert torch.equal(there, side.present[name])
    absent = sum(int((~side.present["image"]).sum()) for side in (found.train, found.validation))
    empty = sum(row.split(",")[1] == "" for row in table.read_text().splitlines()[1:])
    assert absent == empty > 0


def test_what_cannot_be_used_is_named_and_counted(tmp_path):
    rows = [{"photo": f"{n}.png", "tone": f"{n}.wav", "label": "ab"[n % 2]} for n in range(12)]
    for n in range(12):
        Image.fromarray(np.full((16, 16), 20 * n, np.uint8)).save(tmp_path / f"{n}.png")
        (tmp_path / f"{n}.wav").write_bytes(encoded(np.sin(np.arange(800) * (n + 1) / 9).astype(np.float32)))
    (tmp_path / "1.png").unlink()
    (tmp_path / "2.png").write_bytes(b"\x89PNG\r\n\x1a\n half of a picture")
    (tmp_path / "3.wav").write_bytes(encoded(np.zeros(800, np.float32)))
    (tmp_path / "4.wav").write_bytes(b"")
    rows[5]["label"] = ""
    rows[6]["photo"] = rows[6]["tone"] = ""
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    config = RecordsConfig(source=f"jsonl:{tmp_path / 't.jsonl'}", image="photo", audio="tone", rate=8000, size=16)
    report = read_records(config, 1).report
    assert report["skipped"] == {
        "missing": 1,
        "malformed": 1,
        "silent": 1,
        "empty": 1,
        "no_label": 1,
        "nothing": 1,
    }
    assert ["t.jsonl:2", "missing", "1.png"] in report["skipped_names"]
    assert sum(report["rows"].values()) == 10
    assert report["present"] == {"image": 8, "audio": 8}
    assert "6" in report["warnings"][0]
    assert "t.jsonl" in report["warnings"][0]


def test_rows_of_a_group_and_rows_with_one_file_stay_on_one_side(tmp_path):
    table = a_table(tmp_path, 40, films=False)
    lines = table.read_text().splitlines()
    grouped = [f"{lines[0]},group", *(f"{line},{n // 4}" for n, line in enumerate(lines[1:]))]
    same = grouped[3].split(",")
    same[1], same[-1] = "0.png", "own"  # a picture of group 0 in a row of none
    grouped[3] = ",".join(same)
    table.write_text("\n".join(grouped))
    settings = {"source": f"csv:{table}", "image": "photo", "text": "text", "size": 16, "validation": 0.4}
    for seed in range(4):
        found = read_records(RecordsConfig(**settings, group="group"), seed)
        places = [{int(name.rpartition(":")[2]) - 2 for name in side.names} for side in (found.train, found.validation)]
        assert places[0] | places[1] == set(range(40))
        for group in range(10):
            members = set(range(4 * group, 4 * group + 4))
            assert members <= places[0] or members <= places[1], group


def test_the_encoding_of_a_table_is_found(tmp_path):
    lines = ["文字,类别", *(f"第{n}句话说的是{'猫' if n % 2 else '狗'},{'猫' if n % 2 else '狗'}" for n in range(20))]
    (tmp_path / "t.csv").write_bytes("\n".join(lines).encode("gb18030"))
    found = read_records(RecordsConfig(source=f"csv:{tmp_path / 't.csv'}", text="文字", label="类别"), 1)
    assert set(found.classes) == {"猫", "狗"}
    assert "第0句话说的是狗" in found.train.values["text"] + found.validation.values["text"]


def test_numbers_to_be_told(tmp_path):
    cells = ["size,weight", *(f"{n},{2.5 * n}" for n in range(20)), "7,heavy", "x,1"]
    (tmp_path / "t.csv").write_text("\n".join(cells))
    config = RecordsConfig(source=f"csv:{tmp_path / 't.csv'}", numbers=["size"], label="weight", kind="number")
    found = read_records(config, 1)
    assert found.report["skipped"] == {"no_number": 2, "nothing": 1}
    sizes = found.train.values["table"].numbers[:, 0].double()
    assert torch.equal(found.train.targets, 2.5 * sizes)


def test_a_column_of_no_paths_at_all_is_no_crash(tmp_path):
    cells = ["a" * 5000, "nul\0byte", ".", "https:", "*?"]
    rows = [{"text": f"t{n}", "photo": cells[n % 5], "label": n % 2} for n in range(20)]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found = read_records(RecordsConfig(source=f"jsonl:{tmp_path / 't.jsonl'}", text="text", image="photo"), 1)
    assert found.report["present"] == {"text": 20, "image": 0}
    assert sum(found.report["skipped"].values()) == 20
    assert found.train.values["image"].shape[1:] == (3, 32, 32)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"text": "words"}, "words"),
        ({"text": "text", "label": "class"}, "class"),
        ({"text": "text", "source": "csv:nowhere.csv"}, "nowhere.csv"),
        ({"text": "text", "source": "folder:."}, "csv:FILE"),
        ({"text": "text", "label": "same"}, "same"),
    ],
)
def test_a_wrong_setting_is_one_line(tmp_path, monkeypatch, settings, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("text,label,same\n" + "\n".join(f"t{n},{n % 2},same" for n in range(8)))
    with pytest.raises((UsageError, ZaohuaError)) as caught:
        read_records(RecordsConfig(**{"source": "csv:t.csv", **settings}), 1)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_class_that_a_measured_model_does_not_know_is_an_error(tmp_path):
    (tmp_path / "t.csv").write_text("text,label\n" + "\n".join(f"t{n},{n % 3}" for n in range(12)))
    with pytest.raises(ZaohuaError, match="2"):
        read_records(RecordsConfig(source=f"csv:{tmp_path / 't.csv'}", text="text"), 1, classes=("0", "1"))
