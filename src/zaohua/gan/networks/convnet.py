"""Plain convolutional networks after R3GAN (Huang et al. 2024, arXiv:2501.05441), reduced for CPUs: one convolution an
octave, average pooling, no groups. Trained for minutes and not for days, the generator needs two things more, or it
begins by making one picture of everything: a latent vector that is loud at the start, and a norm that keeps it so."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.gan.networks.shape import FIRST, Shape, class_vectors
from zaohua.nn.convolution import twice

_SLOPE = 0.2  # of LeakyReLU below 0
_CONSTANT = 128  # channels of what every picture begins with
_EVEN = 0.5**0.5  # keeps a sum of two at the spread of one
LOUD = 2.0  # spread of the factors that the latent vector gives them at the start


def _conv(inputs: int, outputs: int) -> nn.Conv2d:
    """3×3, drawn so that signals keep their size through the LeakyReLU before it (He et al. 2015, arXiv:1502.01852)."""
    layer = nn.Conv2d(inputs, outputs, 3, padding=1)
    nn.init.kaiming_normal_(layer.weight, _SLOPE)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer


def _leaky(x: Tensor) -> Tensor:
    return F.leaky_relu(x, _SLOPE)


def pixel_norm(x: Tensor) -> Tensor:
    """The channels of every place with a mean square of 1 (Karras et al. 2018, arXiv:1710.10196, §4.2). [B, C, H, W]"""
    return x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-8)


class Residual(nn.Module):
    """x + conv(leaky(conv(x))), the last beginning at 0 so that depth does not blow signals up. [B, C, H, W]"""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = _conv(width, width), _conv(width, width)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(_leaky(self.first(x)))


class Octave(nn.Module):
    """A convolution, perhaps the norm, a LeakyReLU, and residual blocks. [B, C, H, W] -> [B, C', H, W]"""

    def __init__(self, inputs: int, outputs: int, blocks: int, *, norm: bool = False) -> None:
        super().__init__()
        self.conv, self.norm = _conv(inputs, outputs), norm
        self.blocks = nn.ModuleList(Residual(outputs) for _ in range(blocks))

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        x = _leaky(pixel_norm(x) if self.norm else x)
        for block in self.blocks:
            x = block(x)
        return x


class Generator(nn.Module):
    """From a learnt picture of 4×4, its channels scaled by the latent vector, up octave by octave; no function at the
    end, so that what is saved is cut at -1 and 1. With shape.own_start half of that picture is the class's own: told of
    many narrow classes by the latent vector alone, it gives them colours first and shapes late."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.latent = shape.latent
        self.classes = nn.Embedding(shape.classes, shape.latent) if shape.classes else None
        inputs = shape.latent * (2 if shape.classes else 1)
        self.from_latent = nn.Linear(inputs, _CONSTANT)
        nn.init.normal_(self.from_latent.weight, std=LOUD * inputs**-0.5)
        self.constant = nn.Parameter(torch.empty(1, _CONSTANT, FIRST, FIRST))
        nn.init.normal_(self.constant)
        own = bool(shape.classes) and shape.own_start
        self.own = nn.Embedding(shape.classes, _CONSTANT * FIRST**2) if own else None
        widths = (_CONSTANT, *shape.generator_widths)
        self.octaves = nn.ModuleList(Octave(*pair, shape.blocks, norm=True) for pair in pairwise(widths))
        self.to_pixels = _conv(widths[-1], shape.channels)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        if self.classes is not None:
            assert labels is not None
            z = torch.cat((z, class_vectors(self.classes, labels)), 1)
        start = self.constant
        if self.own is not None:
            assert labels is not None
            start = (start + class_vectors(self.own, labels).unflatten(1, start.shape[1:])) * _EVEN
        x = self.from_latent(z)[:, :, None, None] * start
        for place, octave in enumerate(self.octaves):
            x = octave(twice(x) if place else x)
        return self.to_pixels(x)


class Discriminator(nn.Module):
    """Down octave by octave to 4×4, and one number; with classes also how well the features fit the class, as a product
    with its vector (Miyato and Koyama 2018, arXiv:1802.05637)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        widths = (shape.channels, *shape.discriminator_widths)
        self.octaves = nn.ModuleList(Octave(*pair, shape.blocks) for pair in pairwise(widths))
        features = widths[-1] * FIRST**2
        self.head = nn.Linear(features, 1)
        self.classes = nn.Embedding(shape.classes, features) if shape.classes else None
        if self.classes is not None:
            nn.init.normal_(self.classes.weight, std=features**-0.5)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        for place, octave in enumerate(self.octaves):
            x = octave(F.avg_pool2d(x, 2) if place else x)
        features = x.flatten(1)
        scores = self.head(features)[:, 0]
        return scores if self.classes is None else scores + (self.classes(labels) * features).sum(1)
