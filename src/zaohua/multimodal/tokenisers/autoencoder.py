"""What both tokenisers are: an encoder, codes on a grid, and a decoder that makes of the codes what was encoded."""

import torch
from torch import Tensor, nn

from zaohua.multimodal.tokenisers.fsq import FSQ


class Autoencoder(nn.Module):
    """encoder: x -> z [B, D, ...], D numbers a token; decoder: codes [B, D, ...] -> x again, about -1 … 1."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module, quantiser: FSQ) -> None:
        super().__init__()
        self.encoder, self.decoder, self.quantiser = encoder, decoder, quantiser

    def forward(self, x: Tensor, condition: None = None) -> Tensor:
        """x through its codes; condition: none, it is there for the duel."""
        return self.decoder(self.quantiser(self.encoder(x)))

    @torch.no_grad()
    def encode(self, x: Tensor) -> Tensor:
        """The numbers of the codes: int64 [B, ...]"""
        return self.quantiser.ids(self.encoder(x))

    @torch.no_grad()
    def decode(self, ids: Tensor) -> Tensor:
        """What the codes of these numbers stand for."""
        return self.decoder(self.quantiser.values(ids))
