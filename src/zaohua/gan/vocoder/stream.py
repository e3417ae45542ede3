"""A wave made while its spectrogram still comes: the same samples as all at once, a few frames later."""

import torch
from torch import Tensor

from zaohua.gan.vocoder.generator import REACH, Generator
from zaohua.nn.spectrum import OverlapAdd


class Stream:
    """Spectrogram in, wave out. A sample comes `generator.shape.reach` frames, and half a window, after its own."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator
        self._waiting: list[Tensor] = []  # until there are more frames than lie ahead of one
        self._began = self._ended = False
        self._last: dict[int, Tensor] = {}  # frames that the next part of each convolution begins with
        self._join = OverlapAdd(generator.shape.mel.n_fft, generator.shape.mel.hop)

    def push(self, mel: Tensor) -> Tensor:
        """The samples that these frames complete: [B, bands, T] -> [B, any number]"""
        self._waiting.append(mel)
        begins = sum(part.shape[2] for part in self._waiting) > self.generator.shape.reach
        goes_on = self._began and mel.shape[2] > 0
        return self._go_on() if begins or goes_on else mel.new_zeros(len(mel), 0)

    def finish(self) -> Tensor:
        """The samples that are left: [B, any number]. Something was pushed before, and nothing can follow."""
        self._ended = True
        return self._go_on()

    @torch.no_grad()
    def _go_on(self) -> Tensor:
        mel = torch.cat(self._waiting, 2)
        if not self._began and not mel.shape[2]:
            return mel.new_zeros(len(mel), 0)
        self._waiting, self._began = [mel[..., :0]], True
        return self._join(self.generator.frames(mel, self._beside), last=self._ended)

    def _beside(self, convolution: int, x: Tensor) -> Tensor:
        """Before the frames those that came before, or zeros; behind them zeros, where they are the last."""
        before = self._last.get(convolution)
        x = torch.cat((x.new_zeros(*x.shape[:2], REACH) if before is None else before, x), 2)
        if self._ended:
            return torch.cat((x, x.new_zeros(*x.shape[:2], REACH)), 2)
        self._last[convolution] = x[..., -2 * REACH :]
        return x
