"""zaohua data: the table of built-in sets, and the report on a source."""

import json
from pathlib import Path

import pytest

from zaohua.cli import run


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "list", "--lang", "zh"]) == 0
    assert "《三国演义》" in capsys.readouterr().out
    assert run(["data", "list", "--json"]) == 0
    sets = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert {"three-kingdoms", "king-james", "python-code", "python-docs"} <= sets.keys()
    assert sets["three-kingdoms"]["languages"] == ["zh"]
    assert all(entry["source"] == f"builtin:{name}" for name, entry in sets.items())


def test_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(60):
        (tmp_path / f"{number:02}.txt").write_text(f"this is the text of file {number}, and that is all " * 2)
    (tmp_path / "copy.txt").write_text((tmp_path / "07.txt").read_text())
    (tmp_path / "odd.bin").write_bytes(b"\0")
    assert run(["data", "report", f"folder:{tmp_path}", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["documents"] == 61
    assert facts["kept"]["documents"] == 60
    assert facts["removed"]["exact"] == 1
    assert facts["skipped_names"] == [["odd.bin", "unsupported", ""]]
    assert (
        facts["split"]["train"]["characters"] + facts["split"]["validation"]["characters"]
        == facts["kept"]["characters"]
    )
    assert run(["data", "report", f"folder:{tmp_path}", "--lang", "zh"]) == 0
    out = capsys.readouterr().out
    assert "完全重复 1" in out
    assert "odd.bin" in out


def test_report_on_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "report", f"folder:{tmp_path}", "--lang", "en"]) == 1
    assert "holds no files" in capsys.readouterr().err
    assert run(["data", "report", "nowhere", "--lang", "en"]) == 2
