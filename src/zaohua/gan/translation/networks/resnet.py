"""The generator of CycleGAN (Zhu et al. 2017, arXiv:1703.10593; Johnson et al. 2016, arXiv:1603.08155): two halvings,
residual blocks, two doublings, without skips, so that what is drawn goes through all of them."""

import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.gan.translation.networks.layers import Translator, conv, leaky, reflected
from zaohua.nn.convolution import twice

_HALVINGS = 2
_TOGETHER = 8  # channels


def _normed(x: Tensor) -> Tensor:
    """Each picture's channels, some together, brought to mean 0 and spread 1 (Wu and He 2018, arXiv:1803.08494). One by
    one, as in the paper, they would have no spread at all in a blank picture, and a gradient without bounds."""
    return F.group_norm(x, max(1, x.shape[1] // _TOGETHER))


class Block(nn.Module):
    """x + norm(conv(leaky(norm(conv(x))))). [B, C, H, W]"""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = (conv(width, width, beyond="replicate") for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        return x + _normed(self.second(leaky(_normed(self.first(x)))))


class ResNet(Translator):
    """[B, inputs, H, W] -> [B, outputs, H, W] of any H and W. width: channels at full size, doubled at each halving;
    blocks: residual blocks at the smallest size. With norms over each picture; the edge goes on beyond it."""

    def __init__(self, inputs: int, outputs: int, width: int, blocks: int) -> None:
        super().__init__()
        self.multiple = 2**_HALVINGS
        widths = [width * 2**level for level in range(_HALVINGS + 1)]
        self.first = conv(inputs, width, 7, beyond="replicate")
        self.down = nn.ModuleList(conv(a, 2 * a, 3, 2, "replicate") for a in widths[:-1])
        self.blocks = nn.ModuleList(Block(widths[-1]) for _ in range(blocks))
        self.up = nn.ModuleList(conv(2 * a, a, beyond="replicate") for a in widths[-2::-1])
        self.to_pixels = conv(width, outputs, 7, beyond="replicate")

    def stages(self, x: Tensor) -> list[Tensor]:
        """Features on the way down and after the middle and the last of the blocks, the largest first."""
        found = [leaky(_normed(self.first(x)))]
        for layer in self.down:
            found.append(leaky(_normed(layer(found[-1]))))
        x = found[-1]
        for number, block in enumerate(self.blocks, 1):
            x = block(x)
            if number in (len(self.blocks) // 2, len(self.blocks)):
                found.append(x)
        return found

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """condition: not looked at; see UNet."""
        height, width = x.shape[-2:]
        x = self.stages(reflected(x, self.multiple, least=2))[-1]
        for layer in self.up:
            x = leaky(_normed(layer(twice(x))))
        return self.to_pixels(x)[..., :height, :width]
