"""The classic: DCGAN (Radford et al. 2015, arXiv:1511.06434), transposed and strided convolutions with batch norms."""

import torch
from torch import Tensor, nn

from zaohua.gan.networks.shape import FIRST, Shape, class_vectors

_STD = 0.02  # of every starting weight, as the paper has it


def _begin(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=_STD)
        bias = getattr(module, "bias", None)
        if bias is not None:
            nn.init.zeros_(bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, _STD)


class Generator(nn.Module):
    """z [B, latent] -> [B, C, H, W] in -1 … 1; a class joins z as a vector of its own."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.latent = shape.latent
        self.classes = nn.Embedding(shape.classes, shape.latent) if shape.classes else None
        first, *others = shape.generator_widths
        inputs = shape.latent * (2 if shape.classes else 1)
        layers: list[nn.Module] = [nn.ConvTranspose2d(inputs, first, FIRST, bias=False), nn.BatchNorm2d(first)]
        for width in others[:-1]:
            layers += [nn.ReLU(), nn.ConvTranspose2d(first, width, 4, 2, 1, bias=False), nn.BatchNorm2d(width)]
            first = width
        self.layers = nn.Sequential(*layers, nn.ReLU(), nn.ConvTranspose2d(first, shape.channels, 4, 2, 1), nn.Tanh())
        self.apply(_begin)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        if self.classes is not None:
            assert labels is not None
            z = torch.cat((z, class_vectors(self.classes, labels)), 1)
        return self.layers(z[:, :, None, None])


class Discriminator(nn.Module):
    """[B, C, H, W] -> [B]; a class is a picture of its own beside the others' channels."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.size = shape.size
        self.classes = nn.Embedding(shape.classes, shape.size**2) if shape.classes else None
        inputs = shape.channels + bool(shape.classes)
        layers: list[nn.Module] = []
        for place, width in enumerate(shape.discriminator_widths[:-1]):
            layers += [nn.Conv2d(inputs, width, 4, 2, 1, bias=place == 0)]
            layers += [nn.BatchNorm2d(width)] * (place > 0) + [nn.LeakyReLU(0.2)]
            inputs = width
        self.layers = nn.Sequential(*layers, nn.Conv2d(inputs, 1, FIRST))
        self.apply(_begin)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        if self.classes is not None:
            x = torch.cat((x, self.classes(labels).view(-1, 1, self.size, self.size)), 1)
        return self.layers(x).flatten()
