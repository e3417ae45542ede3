"""What every test may use."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("zaohua", deadline=None)  # a busy machine is no failure
settings.load_profile("zaohua")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # or, on a busy machine, a line about it stands in what is printed
os.environ.setdefault("ZAOHUA_COMPILED", "0")  # or tests would begin to compile; those of compiled code ask for it


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real data for tests: $ZAOHUA_TEST_DATA, or the developers' copy beside the checkout."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("ZAOHUA_TEST_DATA", default))
    if not folder.is_dir():
        pytest.skip("real test data is not here: set ZAOHUA_TEST_DATA to its folder")
    return folder
