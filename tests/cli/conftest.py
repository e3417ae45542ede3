"""Running the command line in this process, and one small run that several tests look at."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from zaohua import cli

RECIPE = """
task = "language"
[data]
source = "file:{text}"
[tokenizer]
kind = "char"
[model]
layers = 1
width = 32
heads = 2
context = 32
[train]
steps = 10
evaluate_every = 10
batch_size = 4
tensorboard = false
[sample]
max_new_tokens = 8
[run]
dir = "{folder}"
"""


@dataclass
class Result:
    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def _plain(monkeypatch):
    for variable in ("ZAOHUA_DEBUG", "RANK", "FORCE_COLOR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("ZAOHUA_LANG", "en")
    monkeypatch.setenv("COLUMNS", "200")
    yield
    from zaohua.i18n import set_language

    set_language(None)


@pytest.fixture
def zaohua(capsys) -> Callable[..., Result]:
    """zaohua("train", "x", ...) as typed in a terminal."""

    def call(*arguments: str) -> Result:
        capsys.readouterr()
        code = cli.run(arguments)
        return Result(code, *capsys.readouterr())

    return call


@pytest.fixture(scope="session")
def toy(tmp_path_factory) -> Path:
    """A recipe for a model so small that it trains in a few seconds; its run folder is `run` beside it."""
    folder = tmp_path_factory.mktemp("toy")
    draw = random.Random(0)
    words = ["the", "cat", "sat", "on", "a", "mat", "and", "saw", "one", "big", "red", "dog", "run", "far", "away"]
    (folder / "text.txt").write_text(" ".join(draw.choice(words) for _ in range(3000)), encoding="utf-8")
    text = RECIPE.format(text=(folder / "text.txt").as_posix(), folder=(folder / "run").as_posix())
    (folder / "toy.toml").write_text(text, encoding="utf-8")
    return folder / "toy.toml"


@pytest.fixture(scope="session")
def trained(toy) -> Path:
    """The run folder of the small recipe, trained through the command line."""
    assert cli.run(["train", str(toy), "--quiet"]) == 0
    return toy.parent / "run"
