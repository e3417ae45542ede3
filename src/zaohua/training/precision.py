"""Number format and compilation, chosen by what the machine has."""

import platform
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import nn

from zaohua.machine import processor_flags
from zaohua.training.config import TrainConfig
from zaohua.training.parallel import Parallel


@dataclass(frozen=True)
class Precision:
    """fp32, or bf16 products with fp32 weights; compiled or not."""

    name: str
    compile: bool

    def context(self, device: torch.device) -> AbstractContextManager:
        """Run forward passes inside this."""
        return torch.autocast(device.type, torch.bfloat16) if self.name == "bf16" else nullcontext()

    def conditions(self, parallel: Parallel) -> dict[str, str]:
        """What decides the last bits of every number, beside recipe and data."""
        device = parallel.device.type
        threads = {"threads": str(torch.get_num_threads())} if device == "cpu" else {}  # each sums a part
        return {
            "torch": torch.__version__,
            "python": platform.python_version(),
            "device": device,
            "processes": str(parallel.world),
            **threads,
            "precision": self.name,
            "compile": "on" if self.compile else "off",
        }

    def changes(self, then: dict[str, str], parallel: Parallel) -> str:
        """In which of the conditions `then` a run differs now, as "torch 2.12.0 → 2.13.0"; empty if in none."""
        now = self.conditions(parallel)
        return ", ".join(f"{name} {then[name]} → {now[name]}" for name in now if then.get(name, now[name]) != now[name])


def bf16_may_help(config: TrainConfig, device: torch.device) -> bool:
    """Whether bf16 was left to zaohua and not taken, on a processor that multiplies it by instructions of its own."""
    left = config.precision == "auto" and device.type == "cpu"
    return left and not {"amx_bf16", "avx512_bf16", "bf16"}.isdisjoint(processor_flags())


def choose(config: TrainConfig, device: torch.device, *, compiles: bool = False) -> Precision:
    """What the recipe says; or bf16 on a GPU that has it, compiled if that pays (`compiles`); elsewhere plain fp32."""
    gpu = device.type == "cuda"
    bf16 = gpu and torch.cuda.is_bf16_supported(including_emulation=False)
    return Precision(
        name=("bf16" if bf16 else "fp32") if config.precision == "auto" else config.precision,
        compile=gpu and compiles if config.compile == "auto" else config.compile,
    )


def as_written(*modules: nn.Module) -> AbstractContextManager:
    """Inside this, modules that were compiled run as they are written."""
    compiled = any(getattr(module, "_compiled_call_impl", None) is not None for module in modules)
    return torch.compiler.set_stance("force_eager") if compiled else nullcontext()
