"""U-Net (Ronneberger et al. 2015, arXiv:1505.04597) as pix2pix uses it (Isola et al. 2017, arXiv:1611.07004): down to a
small picture that knows the whole and up again, every size on the way up together with the same size on the way down.
The two are added, not put side by side, which takes half the operations. What it says is a change to the picture
itself: it begins as a copy and need not learn to draw what stays.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.gan.translation.networks.layers import Residual, Translator, conv, copying, leaky, reflected
from zaohua.nn.convolution import twice

_WIDEST = 8  # times the first width
_EVEN = 0.5**0.5  # keeps a sum of two at the size of one


class Up(nn.Module):
    """Twice the size, with what was there on the way down. [B, C, h, w], [B, C', 2h, 2w] -> [B, C', 2h, 2w]"""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.narrow, self.join = conv(inputs, outputs), conv(outputs, outputs)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        return leaky(self.join((twice(self.narrow(x)) + skip) * _EVEN))


class UNet(Translator):
    """[B, inputs, H, W] -> [B, outputs, H, W] of any H and W. width: channels at full size, doubled at each halving up
    to 8 times; depth: halvings; blocks: residual blocks at the smallest size. Without norms a flat colour stays one."""

    def __init__(self, inputs: int, outputs: int, width: int, depth: int, blocks: int) -> None:
        super().__init__()
        self.multiple = 2**depth
        widths = [width * min(2**level, _WIDEST) for level in range(depth + 1)]
        self.down = nn.ModuleList(conv(a, b) for a, b in zip([inputs, *widths[:-1]], widths, strict=True))
        self.blocks = nn.ModuleList(Residual(widths[-1]) for _ in range(blocks))
        self.up = nn.ModuleList(Up(widths[level + 1], widths[level]) for level in range(depth - 1, -1, -1))
        self.to_pixels, self.straight = conv(width, outputs), copying(inputs, outputs)
        nn.init.zeros_(self.to_pixels.weight)

    def stages(self, x: Tensor) -> list[Tensor]:
        """Features on the way down, the largest first."""
        found = []
        for level, layer in enumerate(self.down):
            x = leaky(layer(F.avg_pool2d(x, 2) if level else x))
            found.append(x)
        return found

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """condition: what a judge is given with the picture; here it is the picture itself, and not looked at."""
        height, width = x.shape[-2:]
        same = self.straight(x)
        *skips, x = self.stages(reflected(x, self.multiple))
        for block in self.blocks:
            x = block(x)
        for layer in self.up:
            x = layer(x, skips.pop())
        return same + self.to_pixels(x)[..., :height, :width]
