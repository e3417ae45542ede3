"""zaohua data pictures: what a training on pictures would see."""

import json

from painting import album
from PIL import Image

from zaohua.cli import run


def test_report_and_sheet(tmp_path, capsys):
    album(tmp_path / "a", 30)
    (tmp_path / "a" / "odd.bin").write_bytes(b"\0")
    sheet = tmp_path / "sheet.png"
    command = ["data", "pictures", f"folder:{tmp_path / 'a'}"]
    assert run([*command, "--sheet", str(sheet), "--lang", "zh"]) == 0
    out = capsys.readouterr().out
    assert "64×64" in out
    assert "odd.bin" in out
    assert Image.open(sheet).size[0] > 500
    before = sheet.read_bytes()
    assert run([*command, "--sheet", str(sheet), "--lang", "en"]) == 2
    assert "already there" in capsys.readouterr().err
    assert sheet.read_bytes() == before
    assert run([*command, "--json", "--size", "16"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["pictures"] == {"train": 27, "validation": 3}
    assert facts["size"] == 16
    assert facts["skipped"] == {"unsupported": 1}


def test_mistakes(tmp_path, capsys):
    album(tmp_path, 3)
    assert run(["data", "pictures", f"folder:{tmp_path}", "--size", "33", "--lang", "en"]) == 2
    assert "16, 32, 64, 128, 256" in capsys.readouterr().err
    assert run(["data", "pictures", f"folder:{tmp_path}", "--fit", "crop", "--lang", "en"]) == 2
    assert "cover" in capsys.readouterr().err
    assert run(["data", "pictures", "nowhere", "--lang", "en"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
