"""How a decoder is laid out for writing: as compiled code where there is any, else for PyTorch's operations."""

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor

from zaohua.language.decoder import Decoder, DecoderConfig
from zaohua.language.engine.attending import Piece
from zaohua.language.engine.compiling import compiled
from zaohua.language.engine.fast_decode import FastDecoder
from zaohua.language.engine.given import Given
from zaohua.language.engine.plain_decode import PlainDecoder


class Layout(Protocol):
    """Reads tokens of several texts at once."""

    config: DecoderConfig

    def __call__(self, ids: Sequence[int], pieces: Sequence[Piece], given: Given | None = None) -> Tensor:
        """Final hidden states [N, D] of the pieces' tokens, end to end. given: vectors in the place of some tokens'
        own."""

    def logits(self, hidden: Tensor) -> Tensor:
        """[N, D] -> fp32 [N, V]"""


def laid_out(decoder: Decoder, take: bool = False) -> Layout:
    """The fastest layout that serves this decoder here. take: its weights may be taken out of it."""
    if not FastDecoder.serves(decoder):
        return PlainDecoder(decoder)
    if decoder.embed_tokens.weight.device.type == "cpu" and compiled():
        from zaohua.language.engine.compiled_decode import CompiledDecoder  # imports numba

        if CompiledDecoder.serves(decoder):
            return CompiledDecoder(decoder, take)
    return FastDecoder(decoder, take)
