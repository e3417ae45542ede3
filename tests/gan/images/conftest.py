"""A finished run of the picture task."""

from pathlib import Path

import pytest
from small_pictures import picture_recipe

from zaohua.training.run import train_recipe


@pytest.fixture(scope="session")
def picture_run(tmp_path_factory) -> Path:
    """The folder of a run of ten steps."""
    folder = tmp_path_factory.mktemp("pictures")
    train_recipe(picture_recipe(folder), quiet=True)
    return folder / "run"
