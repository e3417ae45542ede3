"""How unlike two pictures look, place by place, in the features of a classifier: 0 for equal ones.

After Zhang et al. 2018 (arXiv:1801.03924), without the weights that they fitted to people's judgements.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from zaohua.judges.extractor import Extractor
from zaohua.judges.networks.efficientnet_lite import EfficientNetLite

_BATCH = 32


def features(x: Tensor, extractor: Extractor) -> list[Tensor]:
    """Unit vectors over the channels at every place of every stage; differentiable. float [N, C, H, W] in 0 … 255"""
    network = extractor.module
    assert isinstance(network, EfficientNetLite)
    return [F.normalize(stage.float(), dim=1) for stage in network.stages(extractor.inputs(x))]


def distance(a: list[Tensor], b: list[Tensor]) -> Tensor:
    """Sum over the stages of the mean squared distance, of the n-th with the n-th, or of each with the only one: [N]"""
    return torch.stack([(x - y).square().sum(1).mean((1, 2)) for x, y in zip(a, b, strict=True)]).sum(0)


@torch.no_grad()
def perceptual_distance(a: Tensor, b: Tensor, extractor: Extractor) -> np.ndarray:
    """How unlike the n-th of a and the n-th of b look to EfficientNet.

    uint8 [N, C, H, W] twice -> float64 [N]. Name the extractor beside the value.
    """
    parts = zip(a.split(_BATCH), b.split(_BATCH), strict=True)
    distances = [distance(features(x, extractor), features(y, extractor)) for x, y in parts]
    return torch.cat(distances).double().numpy()
