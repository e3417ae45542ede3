"""zaohua generate, through the command line's own entry."""

import io
import json
import sys

import pytest

from zaohua.artifacts import Text
from zaohua.cli import run


class Parrot:
    """Stands in for a model: says what it was asked for."""

    def generate(self, prompt="", *, n, stop, stream, seed, **options):
        if prompt == "too long":
            from zaohua.errors import ZaohuaError

            raise ZaohuaError("shorten it")
        pieces = [f"<{seed}", f" {options['temperature']}", f" {list(stop)}>"]
        for piece in pieces if stream else ():
            stream(piece, 0)
        return [Text(text="".join(pieces), prompt=prompt, model="parrot", seed=seed, index=i) for i in range(n)]


@pytest.fixture(autouse=True)
def parrot(monkeypatch):
    monkeypatch.setattr("zaohua.hub.load", lambda path: Parrot())


@pytest.mark.parametrize("stream", ["--stream", "--no-stream"])
def test_one_text_reads_the_same_streamed_or_not(stream, capsys):
    assert run(["generate", "m", "say: ", stream, "--seed", "4", "--stop", "a", "--stop", "b"]) == 0
    assert capsys.readouterr() == ("say: <4 0.8 ['a', 'b']>\n", "")


def test_several_texts_are_told_apart(capsys):
    assert run(["generate", "m", "say: ", "-n", "2", "--lang", "en"]) == 0
    text = "say: <0 0.8 []>\n"
    assert capsys.readouterr().out == f"── 1 of 2 ──\n{text}── 2 of 2 ──\n{text}"


def test_json_is_one_document(capsys, tmp_path):
    assert run(["generate", "m", "开头", "-n", "2", "--json", "--out", str(tmp_path / "a.txt")]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["prompt"] == "开头"
    assert [sample["index"] for sample in document["samples"]] == [0, 1]
    assert document["files"] == [str(tmp_path / "a-1.txt"), str(tmp_path / "a-2.txt")]
    assert (tmp_path / "a-2.txt").read_text(encoding="utf-8").startswith("开头<0")


def test_prompt_from_standard_input(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("from there\n"))
    assert run(["generate", "m", "-"]) == 0
    assert capsys.readouterr().out.startswith("from there<0")


def test_a_failure_shows_nothing_but_its_line(capsys):
    assert run(["generate", "m", "too long"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.strip().endswith("shorten it")


def test_unknown_format_exits_2_before_anything_is_opened(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("zaohua.hub.load", None)
    assert run(["generate", "m", "x", "--out", str(tmp_path / "a.xyz")]) == 2
    assert ".txt" in capsys.readouterr().err


@pytest.mark.parametrize("language", ["en", "zh"])
def test_help_names_every_option(language, capsys):
    assert run(["generate", "--help", "--lang", language]) == 0
    shown = capsys.readouterr().out
    for option in ("--max-new-tokens", "--top-p", "--min-p", "--stop", "--out", "--json", "--no-stream"):
        assert option in shown
    assert "generate.help" not in shown
