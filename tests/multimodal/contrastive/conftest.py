"""Trained towers, once for all tests here."""

from pathlib import Path

import pytest
import small_towers

from zaohua.training.run import train_recipe


@pytest.fixture(scope="session")
def picture_towers(tmp_path_factory) -> Path:
    """A run folder; the squares it learnt from are in album/ beside it."""
    folder = tmp_path_factory.mktemp("pictures")
    train_recipe(
        small_towers.picture_recipe(folder, steps=110), "train.evaluate_every=110", "train.save_every=110", quiet=True
    )
    return folder / "run"


@pytest.fixture(scope="session")
def sound_towers(tmp_path_factory) -> Path:
    """The same of tones, in tones/."""
    folder = tmp_path_factory.mktemp("sounds")
    train_recipe(
        small_towers.sound_recipe(folder, steps=60), "train.evaluate_every=60", "train.save_every=60", quiet=True
    )
    return folder / "run"
