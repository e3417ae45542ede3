"""The device that training takes."""

import pytest
import torch

from zaohua.machine import torch_build
from zaohua.training import parallel


@pytest.mark.parametrize(("cuda", "device"), [(True, "cuda:1"), (False, "cpu")])
def test_a_gpu_that_has_float64_or_the_cpu(monkeypatch, cuda, device):
    """Apple's has none: it is passed over, and not listed as one that training can use."""
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert parallel.here() == torch.device(device)
    assert torch_build()["gpus"] == []
