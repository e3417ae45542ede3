"""Both ways in which a decoder is laid out."""

from importlib.util import find_spec

import pytest


@pytest.fixture(scope="module", params=["torch", "compiled"])
def way(request):
    """Everything of a module's by PyTorch's operations, then by compiled code."""
    if request.param == "compiled" and find_spec("numba") is None:
        pytest.skip("numba is not installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZAOHUA_COMPILED", str(int(request.param == "compiled")))
        yield request.param
