"""The device that training takes, and how the ranks of it meet."""

import os
import subprocess
import sys
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


TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
MEETINGS = """
import torch
from torch import nn
from zaohua.training import parallel


def learn(mode):
    \"\"\"Weights after three steps, each rank with an input of its own.\"\"\"
    ranks = parallel.start(mode)
    torch.manual_seed(0)
    module = ranks.wrap(nn.Linear(4, 4))
    optimiser = torch.optim.SGD(module.parameters(), 0.1)
    for _ in range(3):
        module(torch.full((2, 4), ranks.rank + 1.0)).square().mean().backward()
        ranks.average_gradients(module.parameters())
        optimiser.step()
        optimiser.zero_grad()
    learnt = torch.cat([parallel.whole(p).flatten() for p in module.parameters()])
    parallel.stop()
    return learnt


first = learn("data")
for mode in ("shard", "data", "shard"):
    torch.testing.assert_close(learn(mode), first)

ranks = parallel.start("data")
try:
    if ranks.main:
        raise ValueError("of this rank alone")
    ranks.wait()
except (ValueError, RuntimeError) as error:
    assert isinstance(error, ValueError) == ranks.main
else:
    raise AssertionError("a rank that waits for one that has left learns nothing of it")
finally:
    parallel.stop()
torch.testing.assert_close(learn("shard"), first)
"""


def test_two_ranks_meet_as_often_as_they_train(tmp_path):
    """After trainings that ended well, and after one that a single rank gave up."""
    (tmp_path / "meetings.py").write_text(MEETINGS)
    command = [*TORCHRUN, str(tmp_path / "meetings.py")]
    subprocess.run(command, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"}, timeout=120)
