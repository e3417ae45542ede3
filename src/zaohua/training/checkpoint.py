"""Training state on disk: safetensors and JSON, written whole or not at all, one file per rank.

    state/step-000500/trainer.json            step, recipe, automatic choices, random state
    state/step-000500/rank-0-of-2.safetensors  this rank's part of weights, optimiser memory, averages

A folder has its name only when every file in it is complete, so the newest one is always good to go on from.
"""

import json
import random
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from zaohua.errors import ZaohuaError
from zaohua.files import flush
from zaohua.i18n import t
from zaohua.training.parallel import Parallel, is_sharded
from zaohua.training.writing import writing


def latest(folder: Path) -> Path | None:
    """The newest complete state, or None."""
    found = sorted(folder.glob("step-*")) if folder.is_dir() else []
    return found[-1] if found else None


def save(folder: Path, step: int, tensors: Mapping[str, Tensor], facts: dict[str, Any], parallel: Parallel) -> None:
    """Write the state after `step` steps and then drop the older one. Every rank calls it.

    Raises ZaohuaError if the disk will not take it; the older state stays.
    """
    final = folder / f"step-{step:08d}"
    temporary = folder / f".{final.name}.tmp"
    if parallel.main:
        for leftover in folder.glob(".step-*.tmp"):  # of a process killed while it saved, at whatever step
            shutil.rmtree(leftover, ignore_errors=True)
        with writing(folder):
            temporary.mkdir(parents=True)
    parallel.wait()
    sharded = {key for key, tensor in tensors.items() if is_sharded(tensor)}
    own = {key: _local(tensor).contiguous() for key, tensor in tensors.items() if key in sharded or parallel.main}
    try:
        with writing(folder):
            file = temporary / f"rank-{parallel.rank}-of-{parallel.world}.safetensors"
            save_file(own, file, metadata={"sharded": json.dumps(sorted(sharded))})
            flush(file)
            if parallel.main:
                trainer = temporary / "trainer.json"
                trainer.write_text(json.dumps(facts, ensure_ascii=False, indent=1), encoding="utf-8")
                flush(trainer)
    except ZaohuaError:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    parallel.wait()
    if parallel.main:
        shutil.rmtree(final, ignore_errors=True)
        temporary.rename(final)
        flush(folder)
        for older in folder.glob("step-*"):
            if older != final:
                shutil.rmtree(older)
    parallel.wait()


def facts(state: Path) -> dict[str, Any]:
    """What trainer.json says."""
    return json.loads((state / "trainer.json").read_text(encoding="utf-8"))


def random_state() -> dict[str, Any]:
    """State of the process-wide generators, which a task's own libraries may use, as JSON."""
    version, words, *rest = random.getstate()
    name, keys, *position = np.random.get_state(legacy=True)
    return {
        "torch": torch.get_rng_state().tolist(),
        "numpy": [name, np.asarray(keys).tolist(), *position],
        "python": [version, list(words), *rest],
    }


def restore_random_state(state: dict[str, Any]) -> None:
    """Take random_state() back."""
    torch.set_rng_state(torch.tensor(state["torch"], dtype=torch.uint8))
    name, keys, *position = state["numpy"]
    np.random.set_state((name, np.array(keys, dtype=np.uint32), *position))
    version, words, *rest = state["python"]
    random.setstate((version, tuple(words), *rest))


class Reader:
    """The tensors of a saved state, whatever number of ranks wrote it and reads it."""

    def __init__(self, state: Path) -> None:
        files = sorted(state.glob("rank-*-of-*.safetensors"), key=lambda path: int(path.name.split("-")[1]))
        self._files = [safe_open(path, framework="pt") for path in files]
        self._sharded = {key for file in self._files for key in json.loads(file.metadata()["sharded"])}

    def names(self) -> list[str]:
        """Of all tensors."""
        return list(self._files[0].keys())

    def shape(self, key: str) -> list[int]:
        """Shape of the whole tensor."""
        shapes = [file.get_slice(key).get_shape() for file in self._files[: None if key in self._sharded else 1]]
        return [sum(shape[0] for shape in shapes), *shapes[0][1:]] if key in self._sharded else shapes[0]

    def whole(self, key: str) -> Tensor:
        """One tensor in full."""
        if key not in self._sharded:
            return self._files[0].get_tensor(key)
        return torch.cat([file.get_tensor(key) for file in self._files])

    @torch.no_grad()
    def fill(self, key: str, target: Tensor, parallel: Parallel) -> None:
        """Copy one tensor, or this rank's part of it, into `target`."""
        source = self.whole(key)
        if is_sharded(target):
            parts = source.chunk(parallel.world)
            source = parts[parallel.rank] if parallel.rank < len(parts) else source[:0]
        local = _local(target.detach())
        if local.shape != source.shape:
            raise ZaohuaError(
                t("training.state_does_not_fit", key=key, found=list(source.shape), want=list(local.shape))
            )
        local.copy_(source)


def _local(tensor: Tensor) -> Tensor:
    return tensor.to_local() if is_sharded(tensor) else tensor
