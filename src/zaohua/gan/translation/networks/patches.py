"""A judge of pieces: one number for each place of a picture, of which it sees the surroundings (the PatchGAN of Isola
et al. 2017, arXiv:1611.07004). Texture and colour are told from real ones everywhere; what the whole shows is left to
other terms."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.gan.translation.networks.layers import conv, leaky

_WIDEST = 4  # times the first width


class PatchDiscriminator(nn.Module):
    """[B, C, H, W], and with `given` channels what the picture was made from [B, given, H, W] -> scores [B, h, w].
    layers: halvings; a number looks at a square of about 2^(layers + 2) pixels. H and W at least 2^layers."""

    def __init__(self, channels: int, given: int, width: int, layers: int) -> None:
        super().__init__()
        self.conditional, self.reduction = bool(given), 2**layers
        widths = [width * min(2**level, _WIDEST) for level in range(layers + 1)]
        self.layers = nn.ModuleList(conv(a, b) for a, b in zip([channels + given, *widths[:-1]], widths, strict=True))
        self.head = conv(widths[-1], 1)

    def features(self, x: Tensor, condition: Tensor | None = None) -> list[Tensor]:
        """After every layer, the largest first."""
        if self.conditional:
            assert condition is not None
            x = torch.cat((x, condition), 1)
        found = []
        for level, layer in enumerate(self.layers):
            x = leaky(layer(F.avg_pool2d(x, 2) if level else x))
            found.append(x)
        return found

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.head(self.features(x, condition)[-1])[:, 0]
