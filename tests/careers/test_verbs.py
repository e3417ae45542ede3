"""The verbs, as people and machines call them."""

import json
from pathlib import Path

import pytest

from zaohua.cli import quickstart, run


@pytest.mark.parametrize("verb", [["show"], ["transitions", "--most", "3"]])
def test_json_is_json(verb: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["careers", *verb, "平面设计师", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["code"] == "27-1024"
    assert found["country"] == "US"
    assert found["construct"] == "time halved at equal quality, not jobs lost"
    assert found["title"] == {"en": "Graphic designers", "zh": "平面设计师"}
    if "--most" in verb:
        assert len(found["reachable"]) == 3


@pytest.mark.parametrize("verb", [["compare", "27-1024", "cashier"], ["emerging"], ["transitions", "cashier"]])
def test_json_says_what_is_counted_and_names_its_codes(verb: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["careers", *verb, "--json", "--lang", "en"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert "halved" in found["construct"]
    lists = [*found.get("occupations", []), found]
    coded = [row for one in lists for name in ("reachable", "new_tasks", "growing") for row in one.get(name, [])]
    assert coded
    assert all(row["title"]["en"] and row["title"]["zh"] for row in coded)
    assert all(gap["name"] for row in coded for gap in row.get("gaps", []))


def test_pages_are_printed_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.html"
    for language, word in (("en", "Within reach"), ("zh", "够得着的职业")):
        assert run(["careers", "show", "graphic designer", "--html", str(report), "--lang", language]) == 0
        assert word in capsys.readouterr().out
        assert word in report.read_text(encoding="utf-8")
    for words in (
        ["compare", "graphic designer", "程序员"],
        ["emerging"],
        ["transitions", "cashier", "--wage-floor", "90"],
    ):
        assert run(["careers", *words, "--lang", "en"]) == 0
        assert "Time halved is not a job lost" in capsys.readouterr().out


def test_the_quickstart_ends_with_one_occupation_in_both_languages(tmp_path: Path) -> None:
    from rich.console import Console

    done = quickstart.careers_act(tmp_path, Console(quiet=True))
    assert done["occupation"] == quickstart.OCCUPATION
    english, chinese = (Path(file).read_text(encoding="utf-8") for file in done["files"])
    assert "Graphic designers" in english
    assert "平面设计师" in chinese


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["show", "quantum flibber"], 1),
        (["show", "55-1011"], 1),
        (["show", ""], 1),
        (["show", "27-1024", "--wage-floor", "-5"], 2),
        (["show", "27-1024", "--html", "report.txt"], 2),
        (["transitions", "27-1024", "--most", "0"], 2),
        (["compare", "27-1024"], 2),
        (["compare", "27-1024", "平面设计师"], 2),
        (["update", "--from", "/no/such/folder"], 1),
        (["show"], 2),
        (["shwo"], 2),
    ],
)
def test_bad_input_is_one_line(words: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["careers", *words, "--lang", "en"]) == code
    error = capsys.readouterr().err.strip()
    assert error
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize(
    ("named", "said"), [(["cashier"], "only Cashiers"), (["cashier", "收银员"], "Cashiers was named twice")]
)
def test_a_comparison_says_what_it_lacks(named: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["careers", "compare", *named, "--lang", "en"]) == 2
    assert said in capsys.readouterr().err
