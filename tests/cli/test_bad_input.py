"""Whatever is given that cannot be used: one line that says what is wrong, and an exit code."""

import io
import json
import re
import shutil
import sys

import pytest

CASES = {
    "truncated weights": (("generate", "{truncated}", "the "), 1, "truncated or damaged"),
    "truncated weights to measure": (("evaluate", "{truncated}", "--data", "file:{text}"), 1, "truncated or damaged"),
    "foreign model": (("generate", "{foreign}", "the "), 1, "holds a mamba model.*qwen3"),
    "foreign model to measure": (("evaluate", "{foreign}", "--data", "file:{text}"), 1, "holds a mamba model.*qwen3"),
    "missing model": (("generate", "{here}/nothing"), 1, "does not exist"),
    "empty folder as a model": (("generate", "{empty}"), 1, "is empty"),
    "empty source folder": (("train", "{recipe}", "data.source=folder:{empty}"), 1, "holds no files"),
    "empty source folder to measure": (("evaluate", "{run}", "--data", "folder:{empty}"), 1, "holds no files"),
    "missing source file": (("train", "{recipe}", "data.source=file:{here}/no.txt"), 1, "nothing is at .*no.txt"),
    "missing source file to measure": (("evaluate", "{run}", "--data", "file:{here}/no.txt"), 1, "nothing is at"),
    "source without a kind": (("evaluate", "{run}", "--data", "{text}"), 2, "file:"),
    "unknown key": (("train", "{recipe}", "train.learing_rate=1"), 2, "did you mean train.learning_rate"),
    "negative rate": (("train", "{recipe}", "train.learning_rate=-0.1"), 2, "greater than 0, not -0.1"),
    "no tokens to sample": (("train", "{recipe}", "sample.max_new_tokens=0"), 2, "at least 1, not 0"),
    "long prompt in a recipe": (("train", "{recipe}", "-q", 'sample.prompts=["{long}"]'), 1, "80 tokens.*at most 32"),
    "long prompt": (("generate", "{run}", "{long}"), 1, "80 tokens.*at most 32: shorten it"),
    "NUL in the prompt": (("generate", "{run}", "the \0cat"), 2, "NUL"),
    "NUL in the path": (("generate", "{run}\0", "the "), 2, "NUL"),
    "no texts": (("generate", "{run}", "the ", "-n", "0"), 2, "n = 0 must be from 1 to"),
    "millions of texts": (("generate", "{run}", "the ", "-n", "10000000"), 2, "n = 10000000 must be from 1 to"),
    "texts beyond 64 bits": (("generate", "{run}", "the ", "-n", "9" * 30), 2, "must be from 1 to"),
    "no tokens": (("generate", "{run}", "the ", "--max-new-tokens", "0"), 2, "max_new_tokens = 0 must be"),
    "endless text": (("generate", "{run}", "the ", "--max-new-tokens", "9" * 12), 2, "must be from 1 to"),
}


@pytest.fixture
def places(trained, toy, tmp_path) -> dict[str, str]:
    """What the arguments above stand for."""
    truncated = shutil.copytree(trained / "checkpoints" / "best", tmp_path / "truncated")
    weights = truncated / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    for name in ("foreign", "empty"):
        (tmp_path / name).mkdir()
    (tmp_path / "foreign" / "config.json").write_text(json.dumps({"model_type": "mamba"}))
    recipe = tmp_path / "toy.toml"
    recipe.write_text(toy.read_text().replace(trained.as_posix(), (tmp_path / "run").as_posix()))
    known = {name: tmp_path / name for name in ("truncated", "foreign", "empty")}
    known |= {"here": tmp_path, "recipe": recipe, "run": trained, "text": toy.parent / "text.txt"}
    return {**{name: path.as_posix() for name, path in known.items()}, "long": "the cat " * 10}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_one_line(case, zaohua, places):
    arguments, code, words = CASES[case]
    result = zaohua(*(argument.format_map(places) for argument in arguments))
    assert result.code == code
    assert re.search(words, result.err)
    assert result.err.count("\n") == 1
    assert "unexpected" not in result.err
    assert result.out == ""


def test_nul_from_standard_input(zaohua, trained, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("the \0cat\n"))
    result = zaohua("generate", str(trained), "-")
    assert (result.code, result.out) == (2, "")
    assert "NUL" in result.err
