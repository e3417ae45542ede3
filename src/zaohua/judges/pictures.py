"""Pictures as networks that judge want them: a fixed side, a fixed number of channels, floats."""

import torch.nn.functional as F
from torch import Tensor

_GREY = (0.299, 0.587, 0.114)  # of red, green and blue (ITU-R BT.601)


def with_channels(x: Tensor, channels: int) -> Tensor:
    """Grey (1) or colour (3) out of either; transparency (4) lies on white first. float [N, C, H, W] in 0 … 255"""
    if x.shape[1] == 4:
        opacity = x[:, 3:] / 255
        x = x[:, :3] * opacity + 255 * (1 - opacity)
    if x.shape[1] == channels:
        return x
    if channels == 3:
        return x.expand(-1, 3, -1, -1)
    return (x * x.new_tensor(_GREY)[:, None, None]).sum(1, keepdim=True)


def resized(x: Tensor, side: int) -> Tensor:
    """Square, bilinear with the blur that keeps smaller pictures free of aliases (Parmar et al. 2022,
    arXiv:2104.11222). float [N, C, H, W] -> [N, C, side, side]"""
    if x.shape[-2:] == (side, side):
        return x
    return F.interpolate(x, size=(side, side), mode="bilinear", antialias=True, align_corners=False)
