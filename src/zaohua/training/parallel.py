"""One device or many, outside the models: data-parallel or fully sharded on PyTorch's own engine.

Started by `torchrun`, the same command runs on every rank; started plainly, there is one rank and nothing here
communicates.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, TypeGuard

import torch
import torch.distributed as dist
from torch import Tensor, nn

from zaohua.errors import UsageError
from zaohua.i18n import t

if TYPE_CHECKING:
    from torch.distributed.tensor import DTensor

_meetings = count()  # of this process with the other ranks


@dataclass(frozen=True)
class Parallel:
    """This process among all that train together."""

    rank: int
    world: int
    device: torch.device
    mode: str  # "single", "data" or "shard"

    @property
    def main(self) -> bool:
        """True on the one rank that prints, saves and samples."""
        return self.rank == 0

    def wrap(self, module: nn.Module) -> nn.Module:
        """Place a module on the device and, in shard mode, spread its parameters: each element of its module lists
        is gathered when it runs, the rest at the root. A module that is used by other methods than its forward names
        them in `entries`."""
        module = module.to(self.device)
        if self.mode == "shard":
            from torch.distributed.fsdp import fully_shard, register_fsdp_forward_method

            blocks = [block for child in module.modules() if isinstance(child, nn.ModuleList) for block in child]
            for part in (*blocks, module):
                fully_shard(part)
                for name in getattr(part, "entries", ()):
                    register_fsdp_forward_method(part, name)
        return module

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Mean of every gradient over the ranks (data mode; sharded modules already did it in backward)."""
        if self.mode != "data":
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        if not gradients:  # of a phase that does not learn yet, on any rank
            return
        flat = torch.cat([g.reshape(-1) for g in gradients])
        dist.all_reduce(flat)
        flat /= self.world
        for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))

    def sum(self, values: Tensor) -> Tensor:
        """Elementwise sum over the ranks."""
        if self.world > 1:
            dist.all_reduce(values)
        return values

    def share(self, value: int) -> int:
        """The main rank's number, on every rank."""
        if self.world == 1:
            return value
        holder = torch.tensor([value], dtype=torch.int64, device=self.device)
        dist.broadcast(holder, src=0)
        return int(holder.item())

    def any(self, flag: bool) -> bool:
        """True on every rank if it is true on one."""
        return bool(self.sum(torch.tensor([int(flag)], device=self.device)).item()) if self.world > 1 else flag

    def wait(self) -> None:
        """Hold until every rank is here."""
        if self.world > 1:
            dist.barrier()

    def local_indices(self, batch_size: int, parts: int) -> list[Tensor]:
        """This rank's positions in the global batch, cut into `parts` micro-batches. `parts` x [b]"""
        if batch_size % (self.world * parts):
            raise UsageError(t("training.batch_does_not_divide", batch=batch_size, world=self.world, parts=parts))
        per_rank = batch_size // self.world
        return list(torch.arange(self.rank * per_rank, (self.rank + 1) * per_rank).chunk(parts))


def is_sharded(tensor: Tensor) -> "TypeGuard[DTensor]":
    """True for a DTensor, whose module takes half a second to import and is not asked for."""
    return hasattr(tensor, "placements")


def whole(tensor: Tensor) -> Tensor:
    """The full tensor behind a shard (every rank must call it), or the tensor itself."""
    tensor = tensor.detach()
    return tensor.full_tensor() if is_sharded(tensor) else tensor


def here() -> torch.device:
    """The device this process trains on: its GPU or the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device("cpu")  # not Apple's GPU: it has no float64, in which losses and evaluations are summed


def start(mode: str) -> Parallel:
    """Join the other ranks if torchrun started us, any number of times, each after a stop().

    mode: "auto" (data-parallel), "data" or "shard".
    """
    world, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    device = here()
    if device.type == "cuda":
        torch.cuda.set_device(device)
    if world == 1 and "RANK" not in os.environ:
        return Parallel(rank=0, world=1, device=device, mode="single")
    if not dist.is_initialized():
        # Each meeting keeps its notes apart: those of an earlier one name connections that have been closed.
        store = dist.PrefixStore(f"meeting-{next(_meetings)}", _store())
        backend = "nccl" if device.type == "cuda" else "gloo"
        dist.init_process_group(backend, store=store, rank=rank, world_size=world)
    chosen = "data" if mode == "auto" else mode
    return Parallel(rank=rank, world=world, device=device, mode=chosen if world > 1 else "single")


@cache
def _store() -> "dist.Store":
    """Where the ranks find each other: as torchrun's environment says, and one for all meetings, for a rank may still
    be reading it when another has left."""
    store, _, _ = next(dist.rendezvous("env://"))
    return store


def stop() -> None:
    """Leave the group. A rank that still waits for this one gets an error."""
    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()
