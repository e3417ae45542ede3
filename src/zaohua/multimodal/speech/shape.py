"""The shape of an encoder-decoder that listens."""

from dataclasses import dataclass
from math import ceil, log2

from zaohua.language.seq2seq.module import Seq2SeqConfig
from zaohua.nn.mel import MelConfig

SUBSAMPLING = 4  # frames that become one place of the encoder


@dataclass(frozen=True, kw_only=True)
class ListenerConfig(Seq2SeqConfig):
    """Seq2SeqConfig, its context being of what is written; and what is heard: rate (samples per second), n_fft and hop
    (samples of a frame and to the next), bands of the mel scale, channels of the convolutions, frames at most."""

    rate: int
    n_fft: int
    hop: int
    bands: int
    channels: int
    frames: int

    @property
    def mel(self) -> MelConfig:
        """How the spectra are made."""
        return MelConfig(self.rate, self.n_fft, self.hop, self.bands)

    @property
    def places(self) -> int:
        """Of the encoder at most."""
        return ceil(self.frames / SUBSAMPLING)

    def num_parameters(self) -> int:
        """Trainable numbers, those of the convolutions and of the layer above them included."""
        first, second = 9 * self.channels + self.channels, 9 * self.channels**2 + self.channels
        return super().num_parameters() + first + second + (self.channels * ceil(self.bands / 4) + 1) * self.width

    def flops(self, read: float, written: float, *, training: bool = True) -> float:
        """See Seq2SeqConfig.flops; read: places of the encoder, each of four frames."""
        second = self.channels * ceil(self.bands / 2) * 2 * 9  # products of the first layer, of a place
        second += 9 * self.channels**2 * ceil(self.bands / 4) + self.channels * ceil(self.bands / 4) * self.width
        return super().flops(read, written, training=training) + (3 if training else 1) * 2 * read * second


def frame_sizes(rate: int) -> tuple[int, int]:
    """n_fft and hop for speech: a power of two of about 30 ms, every 10 ms."""
    return 2 ** round(log2(0.03 * rate)), round(rate / 100)
