"""What a pair of networks looks like, and the table of those there are."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from torch import Tensor, nn

FIRST = 4  # pixels: the side at which every generator begins and every discriminator ends


@dataclass(frozen=True)
class Shape:
    """Of both networks. size: side of a picture in pixels, a power of two; channels: 1, 3 or 4; classes: 0 without.

    generator_widths, discriminator_widths: channels at each octave, from the smallest side to the largest and from the
    largest to the smallest; blocks: residual blocks in each octave beside its one convolution; own_start: whether each
    class's pictures begin from a learnt one of its own, beside what all begin from ("nano" and "small").
    """

    network: str
    size: int
    channels: int
    latent: int
    classes: int
    generator_widths: tuple[int, ...]
    discriminator_widths: tuple[int, ...]
    blocks: int = 0
    own_start: bool = False


# network -> module, channels from the largest side downwards of the generator and of the discriminator
_NETWORKS: dict[str, tuple[str, tuple[int, ...], tuple[int, ...]]] = {
    "nano": ("convnet", (16, 32, 64, 96, 128, 128, 128), (32, 64, 96, 128, 128, 128, 128)),
    "small": ("convnet", (32, 64, 128, 256, 256, 256, 256), (32, 64, 128, 256, 256, 256, 256)),
    "dcgan": ("dcgan", (64, 128, 256, 512, 512, 512, 512), (64, 128, 256, 512, 512, 512, 512)),
}
NETWORKS = tuple(_NETWORKS)


def shape(
    network: str,
    size: int,
    channels: int,
    *,
    classes: int = 0,
    latent: int = 64,
    blocks: int = 0,
    own_start: bool = False,
    generator_width: float = 1.0,
    discriminator_width: float = 1.0,
) -> Shape:
    """The shape behind a name such as "nano" for pictures of this size. widths: factors on the usual channels."""
    _, generator, discriminator = _NETWORKS[network]
    octaves = (size // FIRST).bit_length()  # 4 px: 1, 8 px: 2, …

    def scaled(widths: tuple[int, ...], factor: float) -> tuple[int, ...]:
        return tuple(max(1, round(width * factor)) for width in widths[:octaves])

    return Shape(
        network=network,
        size=size,
        channels=channels,
        latent=latent,
        classes=classes,
        generator_widths=scaled(generator, generator_width)[::-1],
        discriminator_widths=scaled(discriminator, discriminator_width),
        blocks=blocks,
        own_start=own_start,
    )


def build_generator(shape: Shape) -> nn.Module:
    """z [B, latent] and labels [B] or None -> pictures [B, C, H, W], about -1 … 1. Labels may be mixed: [B, classes],
    the share of each class."""
    return _part(shape, "Generator")(shape)


def build_discriminator(shape: Shape) -> nn.Module:
    """Pictures [B, C, H, W] and labels [B] or None -> scores [B], larger for what looks real."""
    return _part(shape, "Discriminator")(shape)


def class_vectors(table: nn.Embedding, labels: Tensor) -> Tensor:
    """The vector of each label, int64 [B], or of each mixture of them, float32 [B, classes]: [B, D]"""
    return labels @ table.weight if labels.is_floating_point() else table(labels)


def _part(shape: Shape, name: str) -> Callable[[Shape], Any]:
    return getattr(import_module(f"zaohua.gan.networks.{_NETWORKS[shape.network][0]}"), name)
