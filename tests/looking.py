"""Eyes to look at pictures with that need no file."""

import torch
from torch import nn

from zaohua.judges.extractor import Extractor
from zaohua.judges.networks.efficientnet_lite import EfficientNetLite0
from zaohua.multimodal.sight import Eye

NAME = "efficientnet-lite0-64"


@torch.no_grad()
def untrained_eye() -> Eye:
    """One that was never trained: what it sees differs from picture to picture, and that is enough. Its norms are those
    of noise, or nothing would be left of a picture after so many layers."""
    torch.manual_seed(0)
    network = EfficientNetLite0()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    network(torch.randn(16, 3, 1, 1) + 0.5 * torch.randn(16, 3, 4, 4).repeat_interleave(16, 2).repeat_interleave(16, 3))
    return Eye(Extractor(f"{NAME}@00000000", network.eval(), 64, 3, (127.5,) * 3, (64.0,) * 3))
