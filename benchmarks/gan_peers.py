"""Other libraries' networks and steps, for the benchmarks of adversarial training.

A folder holds them, unpacked and not installed, for they ask for packages that their networks do not need:

    pip download --no-deps --no-binary :all: torch-mimicry==0.1.16 && tar xzf torch_mimicry-0.1.16.tar.gz
    pip download --no-deps torchgan==0.1.0 && unzip torchgan-0.1.0-py3-none-any.whl

Each arm is made as its own documentation makes it; its pictures have three channels where its networks want them.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import torch
from torch import Tensor, nn

MIMICRY, TORCHGAN = "torch_mimicry-0.1.16", "."


class Peer(NamedTuple):
    """generator, discriminator: its own; latent: numbers of a z; step: from real pictures float [k·B, 3, 32, 32], for
    the discriminator_steps k of the discriminator, one step of both; make: z [N, latent] -> pictures."""

    generator: nn.Module
    discriminator: nn.Module
    latent: int
    discriminator_steps: int
    step: Callable[[Tensor], None]
    make: Callable[[Tensor], Tensor]


def mimicry_networks(folder: Path, kind: str, width: int | None) -> tuple[nn.Module, nn.Module]:
    """Generator and discriminator for 32 px. kind: "dcgan" or "wgan_gp"; width: of both, its default if None."""
    _without_init("torch_mimicry", folder / MIMICRY / "torch_mimicry")
    module = import_module(f"torch_mimicry.nets.{kind}.{kind}_32")
    name = {"dcgan": "DCGAN", "wgan_gp": "WGANGP"}[kind]
    generator = getattr(module, f"{name}Generator32")(**({} if width is None else {"ngf": width}))
    discriminator = getattr(module, f"{name}Discriminator32")(**({} if width is None else {"ndf": width}))
    return generator, discriminator


def mimicry(folder: Path, kind: str, width: int | None) -> Peer:
    """Its own training steps in the order of its trainer; rates as in its README."""
    generator, discriminator = mimicry_networks(folder, kind, width)
    _without_init("torch_mimicry.training", folder / MIMICRY / "torch_mimicry" / "training")
    log = import_module("torch_mimicry.training.metric_log").MetricLog
    repeats = {"dcgan": 1, "wgan_gp": 5}[kind]
    betas = {"dcgan": (0.5, 0.999), "wgan_gp": (0.0, 0.9)}[kind]
    of_discriminator = torch.optim.Adam(discriminator.parameters(), 2e-4, betas)
    of_generator = torch.optim.Adam(generator.parameters(), 2e-4, betas)

    def step(real: Tensor) -> None:
        data = log()
        for part in real.chunk(repeats):
            batch = part, torch.zeros(len(part), dtype=torch.long)
            discriminator.train_step(real_batch=batch, netG=generator, optD=of_discriminator, log_data=data)
        generator.train_step(real_batch=batch, netD=discriminator, optG=of_generator, log_data=data)

    return Peer(generator, discriminator, generator.nz, repeats, step, generator)


def torchgan(folder: Path) -> Peer:
    """Its DCGAN with its minimax losses, as in its tutorial."""
    _without_init("torchgan", folder / TORCHGAN / "torchgan")
    networks, losses = import_module("torchgan.models.dcgan"), import_module("torchgan.losses.minimax")
    generator = networks.DCGANGenerator(out_channels=3, step_channels=64)
    discriminator = networks.DCGANDiscriminator(in_channels=3, step_channels=64)
    of_generator = torch.optim.Adam(generator.parameters(), 1e-4, (0.5, 0.999))
    of_discriminator = torch.optim.Adam(discriminator.parameters(), 3e-4, (0.5, 0.999))
    to_generator, to_discriminator = losses.MinimaxGeneratorLoss(), losses.MinimaxDiscriminatorLoss()
    device = torch.device("cpu")

    def step(real: Tensor) -> None:
        to_generator.train_ops(generator, discriminator, of_generator, device, len(real))
        to_discriminator.train_ops(generator, discriminator, of_discriminator, real, device)

    return Peer(generator, discriminator, generator.encoding_dims, 1, step, generator)


def _without_init(name: str, folder: Path) -> None:
    """Let a package's modules be imported without its __init__, which imports everything that it could ever use."""
    if not folder.is_dir():
        raise SystemExit(f"{folder} is not there: see the beginning of {__file__}")
    package = ModuleType(name)
    package.__path__ = [str(folder)]
    sys.modules.setdefault(name, package)
