"""A small run on a table of every modality, learnt once."""

import pytest
from tabling import a_table

from zaohua.training.run import train_recipe

RECIPE = """
task = "understand"
[data]
source = "csv:{folder}/table.csv"
text = "text"
image = "photo"
audio = "tone"
video = "clip"
numbers = ["price"]
categories = ["colour"]
size = 16
rate = 8000
seconds = 0.2
frames = 2
validation = 0.25
[tokenizer]
kind = "char"
[model]
width = 16
channels = 8
layers = 1
[augment]
pictures = 0.3
sounds = 0.3
[train]
steps = 30
batch_size = 16
evaluate_every = 15
save_every = 5
log_every = 10
ema = 0.9
tensorboard = false
[run]
dir = "{folder}/run"
"""


@pytest.fixture(scope="session")
def table(tmp_path_factory):
    """The folder of a table of 64 rows, and a recipe beside it."""
    folder = tmp_path_factory.mktemp("understanding")
    a_table(folder, 64)
    (folder / "recipe.toml").write_text(RECIPE.format(folder=folder), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def run(table):
    """The folder of the finished run."""
    train_recipe(table / "recipe.toml", quiet=True)
    return table / "run"
