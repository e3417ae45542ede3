"""A convolutional classifier small enough to train on a processor in minutes, for pictures of about 16 to 64 pixels."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.nn.convolution import ConvNorm

FEATURES = 128
_WIDTHS = ((16,), (32,), (64, 64), (128, FEATURES))  # convolutions at each octave, from the largest side downwards


class SmallCnn(nn.Module):
    """3×3 convolutions with batch norms at four octaves, then the mean over all places. 0.28 million parameters.

    [B, C, H, W], about -1 … 1 -> features [B, 128], logits [B, classes]
    """

    def __init__(self, channels: int, classes: int, seed: int = 0) -> None:
        super().__init__()
        octaves = []
        for widths in _WIDTHS:
            layers: list[nn.Module] = []
            for width in widths:
                layers += [ConvNorm(nn.Conv2d(channels, width, 3, padding=1, bias=False)), nn.ReLU()]
                channels = width
            octaves.append(nn.Sequential(*layers))
        self.octaves = nn.ModuleList(octaves)
        self.classifier = nn.Linear(FEATURES, classes)
        generator = torch.Generator().manual_seed(seed)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
        nn.init.normal_(self.classifier.weight, std=FEATURES**-0.5, generator=generator)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        for place, octave in enumerate(self.octaves):
            x = octave(F.max_pool2d(x, 2) if place else x)
        features = x.mean((2, 3))
        return features, self.classifier(features)
