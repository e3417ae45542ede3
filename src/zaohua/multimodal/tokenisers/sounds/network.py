"""The networks of the sound tokeniser: convolutions along time over log-mel spectrograms, one place for each token."""

from dataclasses import asdict, dataclass
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.gan.networks.convnet import pixel_norm
from zaohua.multimodal.tokenisers.autoencoder import Autoencoder
from zaohua.multimodal.tokenisers.fsq import FSQ, LEVELS
from zaohua.nn.mel import LOG_FLOOR, MelConfig

_KERNEL = 3  # tokens that a layer sees


@dataclass(frozen=True)
class SoundShape:
    """mel: the spectrograms; loudest: the largest of their numbers in the data, in nats; frames: of one token; width:
    channels; blocks: residual blocks in either network; levels: of the codes."""

    mel: MelConfig
    loudest: float
    frames: int
    width: int
    blocks: int
    levels: tuple[int, ...] = LEVELS

    def build(self) -> Autoencoder:
        """Fresh networks of this shape, from and to spectrograms as `seen` makes them."""
        return Autoencoder(Encoder(self), Decoder(self), FSQ(self.levels))

    def seen(self, mel: Tensor) -> Tensor:
        """Log-mel bands [B, bands, T] as the networks see them, a grey picture [B, 1, bands, T] from -1, silence, to 1,
        the loudest of the data."""
        return (2 * (mel - LOG_FLOOR) / (self.loudest - LOG_FLOOR) - 1)[:, None]

    def heard(self, x: Tensor) -> Tensor:
        """The way back, nothing below silence: [B, 1, bands, T] -> [B, bands, T]"""
        return (x[:, 0].float().clamp(min=-1) + 1) / 2 * (self.loudest - LOG_FLOOR) + LOG_FLOOR

    def as_config(self) -> dict[str, Any]:
        """For config.json."""
        own = {key: value for key, value in asdict(self).items() if key != "mel"}
        return {**asdict(self.mel), **own}


class Encoder(nn.Module):
    """[B, 1, bands, L · frames] -> [B, D, L]; normed at its end, as that of pictures is."""

    def __init__(self, shape: SoundShape) -> None:
        super().__init__()
        self.frames = shape.frames
        self.entrance = _conv(shape.mel.bands * shape.frames, shape.width)
        self.blocks = nn.Sequential(*(Block(shape.width) for _ in range(shape.blocks)))
        self.exit = nn.Conv1d(shape.width, len(shape.levels), 1)

    def forward(self, x: Tensor) -> Tensor:
        batch, _, bands, time = x.shape
        rows = x.reshape(batch, bands, time // self.frames, self.frames).transpose(2, 3)  # [B, bands, frames, L]
        return self.exit(pixel_norm(F.gelu(self.blocks(self.entrance(rows.flatten(1, 2))))))


class Decoder(nn.Module):
    """[B, D, L] -> [B, 1, bands, L · frames]"""

    def __init__(self, shape: SoundShape) -> None:
        super().__init__()
        self.bands, self.frames = shape.mel.bands, shape.frames
        self.entrance = _conv(len(shape.levels), shape.width)
        self.blocks = nn.Sequential(*(Block(shape.width) for _ in range(shape.blocks)))
        self.exit = _conv(shape.width, shape.mel.bands * shape.frames)

    def forward(self, codes: Tensor) -> Tensor:
        rows = self.exit(F.gelu(self.blocks(self.entrance(codes))))  # [B, bands · frames, L]
        grid = rows.unflatten(1, (self.bands, self.frames)).transpose(2, 3)  # [B, bands, L, frames]
        return grid.flatten(2)[:, None]


class Block(nn.Module):
    """x + conv(gelu(conv(norm(x)))), the last beginning at 0. [B, D, L]"""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = _conv(width, width), _conv(width, width)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.gelu(self.first(pixel_norm(x))))


def _conv(inputs: int, outputs: int) -> nn.Conv1d:
    """Along time, which keeps its length; drawn so that signals keep their size."""
    layer = nn.Conv1d(inputs, outputs, _KERNEL, padding=_KERNEL // 2)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer
