"""What these networks are built from."""

from abc import ABC, abstractmethod
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SLOPE = 0.2  # of LeakyReLU below 0
_ALPHA = 3  # the channel of what can be seen through, -1, or not, 1
Beyond = Literal["zeros", "replicate"]


class Translator(nn.Module, ABC):
    """A network from picture to picture, [B, C, H, W] -> [B, C', H, W]. multiple: what it grows H and W to."""

    multiple: int

    @abstractmethod
    def stages(self, x: Tensor) -> list[Tensor]:
        """Features on the way, the largest first: [B, C, h, w] each."""


def conv(inputs: int, outputs: int, side: int = 3, stride: int = 1, beyond: Beyond = "zeros") -> nn.Conv2d:
    """A convolution that keeps the size, or a stride's part of it. beyond: what lies beyond the edge, "zeros" or
    "replicate", the edge itself again.

    Drawn so that signals keep their size through the LeakyReLU before it (He et al. 2015, arXiv:1502.01852).
    """
    layer = nn.Conv2d(inputs, outputs, side, stride, padding=side // 2, padding_mode=beyond)
    nn.init.kaiming_normal_(layer.weight, SLOPE)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer


def copying(inputs: int, outputs: int) -> nn.Conv2d:
    """A weighing of channels that begins as the same picture: grey as colour, colour as its mean, both opaque."""
    layer = nn.Conv2d(inputs, outputs, 1)
    weight = torch.zeros(outputs, inputs)
    for channel in range(outputs):
        if channel == _ALPHA and inputs <= _ALPHA:
            continue
        if inputs == 1:
            weight[channel, 0] = 1
        elif outputs == 1:
            weight[0, :_ALPHA] = 1 / _ALPHA
        else:
            weight[channel, channel] = 1
    with torch.no_grad():
        layer.weight.copy_(weight[:, :, None, None])
        assert layer.bias is not None
        layer.bias.copy_(torch.arange(outputs) == (_ALPHA if inputs <= _ALPHA else outputs))
    return layer


def leaky(x: Tensor) -> Tensor:
    """LeakyReLU."""
    return F.leaky_relu(x, SLOPE)


class Residual(nn.Module):
    """x + conv(leaky(conv(x))), the last beginning at 0. [B, C, H, W]"""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = conv(width, width), conv(width, width)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(leaky(self.first(x)))


def reflected(x: Tensor, multiple: int, least: int = 1) -> Tensor:
    """Grown to the right and below as in a mirror until both sides are a multiple of `multiple`, `least` times or more;
    by any amount, unlike torch's own. [B, C, H, W]"""
    rows, columns = (_mirror(size, max(least, -(-size // multiple)) * multiple).to(x.device) for size in x.shape[-2:])
    return x if (len(rows), len(columns)) == x.shape[-2:] else x[..., rows, :][..., columns]


def _mirror(size: int, wanted: int) -> Tensor:
    """0 1 2 … size-1 … 2 1 0 1 …, `wanted` numbers."""
    period = max(2 * (size - 1), 1)
    places = torch.arange(wanted) % period
    return torch.minimum(places, period - places) if size > 1 else torch.zeros(wanted, dtype=torch.int64)
