"""The encoder-decoder that listens: convolutions thin out the spectra, then two stacks read and write.

After the convolutional front of Dong, Xu and Xu 2018 ("Speech-Transformer", ICASSP), with the blocks of
zaohua.language.seq2seq.
"""

from math import ceil

import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.language.seq2seq.module import EncoderDecoder, Memory
from zaohua.multimodal.speech.shape import SUBSAMPLING, ListenerConfig


class Front(nn.Module):
    """Two convolutions over time and bands, each of stride 2, and a linear layer. What lies past a sound's end is zero
    for both, so that a batch is read as each of its sounds alone."""

    def __init__(self, config: ListenerConfig) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, config.channels, 3, stride=2, padding=1)
        self.second = nn.Conv2d(config.channels, config.channels, 3, stride=2, padding=1)
        self.out = nn.Linear(config.channels * ceil(config.bands / SUBSAMPLING), config.width)

    def forward(self, x: Tensor, real: Tensor) -> Tensor:
        """[B, T, bands] and bool [B, T] -> [B, ⌈T / 4⌉, D]"""
        x = F.gelu(self.first((x * real[..., None])[:, None]))  # [B, C, T / 2, bands / 2]
        x = F.gelu(self.second(x * real[:, None, ::2, None]))
        return self.out(x.transpose(1, 2).flatten(2))


class Listener(EncoderDecoder):
    """Spectra in, logits of the text's next tokens out."""

    config: ListenerConfig

    def __init__(self, config: ListenerConfig) -> None:
        super().__init__(config)
        self.front = Front(config)

    def remember(self, x: Tensor, real: Tensor, dropout_keys: Tensor | None = None) -> Memory:
        """Keys and values of what is heard for every layer that writes. x: [B, T, bands]; real: bool [B, T]."""
        return self.encoded(self.front(x, real), places(real), dropout_keys)

    def loss(
        self, x: Tensor, real: Tensor, inputs: Tensor, targets: Tensor, dropout_keys: Tensor | None = None
    ) -> Tensor:
        """See EncoderDecoder.nats."""
        return self.nats(inputs, targets, self.remember(x, real, dropout_keys), places(real), dropout_keys)


def places(real: Tensor) -> Tensor:
    """Which places of the encoder are no padding: bool [B, T] -> [B, ⌈T / 4⌉]"""
    return real[:, ::SUBSAMPLING]
