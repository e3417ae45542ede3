"""The device that training takes."""

from types import SimpleNamespace

import pytest
import torch

from zaohua.machine import torch_build
from zaohua.training import parallel


@pytest.mark.parametrize(("cuda", "device", "gpus"), [(True, "cuda:1", ["GPU 0", "GPU 1"]), (False, "cpu", [])])
def test_a_gpu_that_has_float64_or_the_cpu(monkeypatch, cuda, device, gpus):
    """Apple's has none: it is passed over, and not listed as one that training can use."""
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(
        torch.cuda,
        "get_device_properties",
        lambda index: SimpleNamespace(name=f"GPU {index}", total_memory=1, major=9, minor=0),
    )
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert parallel.here() == torch.device(device)
    assert [gpu["name"] for gpu in torch_build()["gpus"]] == gpus
