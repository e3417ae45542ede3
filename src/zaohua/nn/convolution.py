"""What convolutional networks share: twice the size, and convolutions as classifiers of pictures use them, a batch norm
behind each, sides padded in one of two ways."""

import torch.nn.functional as F
from torch import Tensor, nn


def twice(x: Tensor) -> Tensor:
    """Twice as wide and as high, straight lines between the pixels. Four copies of each, which the convolution behind
    would have to learn to smooth, leave a grid over what is drawn. [B, C, H, W] -> [B, C, 2H, 2W]"""
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


class SameConv2d(nn.Conv2d):
    """A convolution with TensorFlow's padding "SAME": ⌈side / stride⌉ outputs a side, and where the zeros cannot be
    shared out evenly the right and the bottom get one more. [B, C, H, W] -> [B, C', ⌈H / s⌉, ⌈W / s⌉]"""

    def forward(self, x: Tensor) -> Tensor:
        sides = zip(x.shape[-2:], self.kernel_size, self.stride, strict=True)
        bottom, right = (max((-(-side // stride) - 1) * stride + kernel - side, 0) for side, kernel, stride in sides)
        return super().forward(F.pad(x, (right // 2, right - right // 2, bottom // 2, bottom - bottom // 2)))


class ConvNorm(nn.Module):
    """A convolution without bias and a batch norm, named `conv` and `norm`. [B, C, H, W] -> [B, C', H', W']"""

    def __init__(self, conv: nn.Conv2d, eps: float = 1e-5) -> None:
        super().__init__()
        self.conv, self.norm = conv, nn.BatchNorm2d(conv.out_channels, eps=eps)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(x))
