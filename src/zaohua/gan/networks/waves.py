"""Networks of waves, after WaveGAN (Donahue et al. 2018, arXiv:1802.04208), reduced for CPUs: fewer channels, shorter
kernels, no norms."""

from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.gan.networks.convnet import LOUD, pixel_norm
from zaohua.gan.networks.shape import class_vectors

_STRIDE, _KERNEL, _SLOPE = 4, 16, 0.2
_WIDTHS = (16, 32, 64, 128, 128)  # channels, from the finest to the coarsest
_BESIDE = (_KERNEL - _STRIDE) // 2  # padding that makes a layer's lengths quarters and fourfolds


@dataclass(frozen=True)
class WaveShape:
    """Of both networks. length: samples of a wave; classes: 0 without; widths: channels from the finest to the
    coarsest, of the generator and of the discriminator."""

    length: int
    latent: int
    classes: int
    generator_widths: tuple[int, ...]
    discriminator_widths: tuple[int, ...]

    @property
    def first(self) -> int:
        """Places at which the generator begins and the discriminator ends."""
        return -(-self.length // _STRIDE ** len(_WIDTHS))


def wave_shape(
    length: int, *, latent: int, classes: int, generator_width: float = 1.0, discriminator_width: float = 1.0
) -> WaveShape:
    """For waves of this length. widths: factors on the usual channels."""
    generator, discriminator = (
        tuple(max(1, round(width * factor)) for width in _WIDTHS) for factor in (generator_width, discriminator_width)
    )
    return WaveShape(length, latent, classes, generator, discriminator)


class WaveGenerator(nn.Module):
    """z [B, latent] and labels [B] or None -> waves [B, T], within -1 … 1; four times as many places layer by layer.

    It begins, as the pictures' generator does, with a learnt piece whose channels the latent vector scales.
    """

    def __init__(self, shape: WaveShape) -> None:
        super().__init__()
        self.length = shape.length
        coarse = shape.generator_widths[::-1]
        self.classes = nn.Embedding(shape.classes, shape.latent) if shape.classes else None
        inputs = shape.latent * (2 if shape.classes else 1)
        self.from_latent = nn.Linear(inputs, coarse[0])
        nn.init.normal_(self.from_latent.weight, std=LOUD * inputs**-0.5)
        self.constant = nn.Parameter(torch.empty(1, coarse[0], shape.first))
        nn.init.normal_(self.constant)
        self.layers = nn.ModuleList(
            nn.ConvTranspose1d(inputs, outputs, _KERNEL, _STRIDE, _BESIDE) for inputs, outputs in pairwise((*coarse, 1))
        )
        for layer in self.layers:
            assert isinstance(layer, nn.ConvTranspose1d)
            fan = layer.in_channels * _KERNEL / _STRIDE  # inputs that reach an output
            nn.init.normal_(layer.weight, std=(2 / (1 + _SLOPE**2) / fan) ** 0.5)
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        if self.classes is not None:
            assert labels is not None
            z = torch.cat((z, class_vectors(self.classes, labels)), 1)
        x = self.from_latent(z)[:, :, None] * self.constant
        for layer in self.layers:
            x = layer(F.leaky_relu(pixel_norm(x), _SLOPE))
        return torch.tanh(x[:, 0, : self.length])


class WaveDiscriminator(nn.Module):
    """Waves [B, T] and labels [B] or None -> scores [B]; a quarter of the places layer by layer, and at the end a
    product with the class's vector (Miyato and Koyama 2018, arXiv:1802.05637)."""

    def __init__(self, shape: WaveShape) -> None:
        super().__init__()
        self.missing = shape.first * _STRIDE ** len(_WIDTHS) - shape.length
        widths = (1, *shape.discriminator_widths)
        self.layers = nn.ModuleList(
            nn.Conv1d(inputs, outputs, _KERNEL, _STRIDE, _BESIDE) for inputs, outputs in pairwise(widths)
        )
        for layer in self.layers:
            assert isinstance(layer, nn.Conv1d)
            nn.init.kaiming_normal_(layer.weight, _SLOPE)
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)
        features = widths[-1] * shape.first
        self.head = nn.Linear(features, 1)
        self.classes = nn.Embedding(shape.classes, features) if shape.classes else None
        if self.classes is not None:
            nn.init.normal_(self.classes.weight, std=features**-0.5)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        x = F.pad(x, (0, self.missing))[:, None]
        for layer in self.layers:
            x = F.leaky_relu(layer(x), _SLOPE)
        features = x.flatten(1)
        scores = self.head(features)[:, 0]
        return scores if self.classes is None else scores + (self.classes(labels) * features).sum(1)
