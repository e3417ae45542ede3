"""The networks of the picture tokeniser.

Convolutions run on a picture of 16 × 16 places or on one of 8 × 8, whatever the picture's own size: at the entrance a
place takes in all of its pixels, at the exit it gives them (Shi et al. 2016, arXiv:1609.05158). On a CPU a convolution
at full size with few channels would take longer than all the others.
"""

from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor, nn

from zaohua.gan.networks.convnet import pixel_norm
from zaohua.gan.translation.networks.layers import conv, leaky
from zaohua.multimodal.tokenisers.autoencoder import Autoencoder
from zaohua.multimodal.tokenisers.fsq import FSQ, LEVELS

GRID = 8  # tokens a side
_FINE = 2 * GRID  # places a side of the larger of the two pictures in which convolutions run


@dataclass(frozen=True)
class ImageShape:
    """channels, size: of a picture, size being its side in pixels, a multiple of 16; width: channels at 8 × 8, half as
    many at 16 × 16; blocks, fine: residual blocks there; levels: of the codes."""

    channels: int
    size: int
    width: int
    blocks: int
    fine: int
    levels: tuple[int, ...] = LEVELS

    def build(self) -> Autoencoder:
        """Fresh networks of this shape."""
        return Autoencoder(Encoder(self), Decoder(self), FSQ(self.levels))

    def as_config(self) -> dict[str, Any]:
        """For config.json."""
        return asdict(self)

    @property
    def patch(self) -> int:
        """Pixels a side that a place at 16 × 16 stands for."""
        return self.size // _FINE


class Encoder(nn.Module):
    """[B, C, S, S] -> [B, D, 8, 8]; normed at its end, lest it run off to where every code is the outermost one."""

    def __init__(self, shape: ImageShape) -> None:
        super().__init__()
        half = shape.width // 2
        self.entrance = nn.Sequential(nn.PixelUnshuffle(shape.patch), conv(shape.channels * shape.patch**2, half))
        self.fine = nn.Sequential(*(Block(half) for _ in range(shape.fine)))
        self.down = nn.Sequential(nn.PixelUnshuffle(2), conv(4 * half, shape.width, 1))
        self.coarse = nn.Sequential(*(Block(shape.width) for _ in range(shape.blocks)))
        self.exit = conv(shape.width, len(shape.levels), 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.exit(pixel_norm(leaky(self.coarse(self.down(self.fine(self.entrance(x)))))))


class Decoder(nn.Module):
    """[B, D, 8, 8] -> [B, C, S, S], about -1 … 1"""

    def __init__(self, shape: ImageShape) -> None:
        super().__init__()
        half = shape.width // 2
        self.entrance = conv(len(shape.levels), shape.width)
        self.coarse = nn.Sequential(*(Block(shape.width) for _ in range(shape.blocks)))
        self.up = nn.Sequential(conv(shape.width, 4 * half, 1), nn.PixelShuffle(2))
        self.fine = nn.Sequential(*(Block(half) for _ in range(shape.fine)))
        self.exit = nn.Sequential(conv(half, shape.channels * shape.patch**2), nn.PixelShuffle(shape.patch))

    def forward(self, codes: Tensor) -> Tensor:
        return self.exit(leaky(self.fine(self.up(self.coarse(self.entrance(codes))))))


class Block(nn.Module):
    """x + conv(leaky(conv(norm(x)))), the last beginning at 0; without the norm, at the rates that minutes call for,
    signals grow until nothing is learnt. [B, C, H, W]"""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = conv(width, width), conv(width, width)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(leaky(self.first(pixel_norm(x))))
