"""From log-mel spectrograms to waves: a first guess, mended by convolutions over frames, and an inverse transform.

As in Siuzdak 2023 (Vocos, arXiv:2306.00814) nothing is computed at the rate of the samples, which on a CPU makes it
many times faster than a stack of upsampling convolutions; as in Lv et al. 2024 (FreeV, arXiv:2406.08196) the network
begins from what needs no learning (see prior.py), so that it is usable early and has only the rest to learn. All it
looks at is a few frames on both sides, so that a wave can also be made part by part and come out the same.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.gan.vocoder.prior import agree, first_guess, known
from zaohua.nn.mel import MelConfig
from zaohua.nn.spectrum import OverlapAdd

_KERNEL = 7  # frames that a layer sees
REACH = _KERNEL // 2
_WIDER = 3  # of the layers between the convolutions
_COMPRESSED = 0.3  # the power of a magnitude that the network sees
_QUIETEST = 1e-5  # magnitude that is still seen as that
_LOUDER = 5.0  # nats: how much a magnitude may grow at most

Beside = Callable[[int, Tensor], Tensor]  # number of a layer, frames [B, D, T] -> with what lies beside them


@dataclass(frozen=True)
class VocoderShape:
    """What it reads, channels of its stream, residual blocks, and rounds of its first guess."""

    mel: MelConfig
    width: int
    layers: int
    rounds: int = 12

    @property
    def reach(self) -> int:
        """Frames to each side that a frame depends on."""
        return REACH * (self.rounds + 1 + self.layers)


def zeros_beside(_: int, x: Tensor) -> Tensor:
    """Zeros on both sides of frames [B, D, T] that are all there are: before the first layers, silence."""
    return F.pad(x, (REACH, REACH))


class Entrance(nn.Module):
    """A convolution over all channels, normed."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv1d(channels, width, _KERNEL), nn.LayerNorm(width, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        """[B, channels, T + 2 · REACH] -> [B, D, T]"""
        return self.norm(self.conv(x).mT).mT


class Block(nn.Module):
    """x + γ ⊙ W₂ gelu(W₁ norm(conv(x))), a convolution for each channel (Liu et al. 2022, arXiv:2201.03545)."""

    def __init__(self, width: int, scale: float) -> None:
        super().__init__()
        self.conv = nn.Conv1d(width, width, _KERNEL, groups=width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.up, self.down = nn.Linear(width, _WIDER * width), nn.Linear(_WIDER * width, width)
        self.gain = nn.Parameter(torch.full((width,), scale))

    def forward(self, x: Tensor) -> Tensor:
        """[B, D, T + 2 · REACH] -> [B, D, T]"""
        y = self.down(F.gelu(self.up(self.norm(self.conv(x).mT))))
        return x[..., REACH : x.shape[-1] - REACH] + (self.gain * y).mT


class Generator(nn.Module):
    """Log-mel bands [B, bands, T] -> wave [B, T · hop]. Untrained it gives back its first guess."""

    def __init__(self, shape: VocoderShape) -> None:
        super().__init__()
        self.shape = shape
        self.first = Entrance(shape.mel.bands + shape.mel.n_fft + 2, shape.width)
        self.blocks = nn.ModuleList(Block(shape.width, 1 / shape.layers) for _ in range(shape.layers))
        self.norm = nn.LayerNorm(shape.width, eps=1e-6)
        self.head = nn.Linear(shape.width, shape.mel.n_fft + 2)
        for name, parameter in self.named_parameters():
            if parameter.ndim > 1:
                nn.init.trunc_normal_(parameter, std=0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)
        nn.init.zeros_(self.head.weight)

    def forward(self, mel: Tensor, condition: None = None) -> Tensor:
        join = OverlapAdd(self.shape.mel.n_fft, self.shape.mel.hop)
        return join(self.frames(mel, zeros_beside), last=True)

    def frames(self, mel: Tensor, beside: Beside) -> Tensor:
        """Samples of every frame, to be overlapped: [B, bands, T] -> [B, n_fft, T].

        beside: brings what lies on both sides of the frames of each layer.
        """
        with torch.no_grad():
            state = first_guess(mel, self.shape.mel)
            for number in range(self.shape.rounds):
                state = agree(beside(number, state), self.shape.mel)
            bands, guess = known(state, self.shape.mel)
            size = guess.abs().clamp(min=_QUIETEST)
            x = torch.cat((bands, parts(guess / size ** (1 - _COMPRESSED))), 1)
        carried = parts(guess)
        for number, layer in enumerate((self.first, *self.blocks), self.shape.rounds):
            both = beside(number, torch.cat((x, carried), 1))
            inner, carried = both[:, : x.shape[1]], both[:, x.shape[1] :, REACH : both.shape[2] - REACH]
            x = layer(inner)
        louder, turn = self.head(self.norm(x.mT)).mT.float().chunk(2, 1)
        mended = torch.complex(*carried.chunk(2, 1)) * torch.polar(louder.clamp(max=_LOUDER).exp(), turn)
        return torch.fft.irfft(mended, dim=1)


def parts(spectrum: Tensor) -> Tensor:
    """Real and imaginary parts beside each other: complex64 [B, bins, T] -> float32 [B, 2 · bins, T]"""
    return torch.cat((spectrum.real, spectrum.imag), 1)
