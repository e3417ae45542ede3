"""How unlike two pictures look, place by place, in the features of a classifier: 0 for equal ones.

After Zhang et al. 2018 (arXiv:1801.03924), without the weights that they fitted to people's judgements.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from zaohua.judges.extractor import Extractor
from zaohua.judges.networks.efficientnet_lite import EfficientNetLite0

_BATCH = 32


@torch.no_grad()
def perceptual_distance(a: Tensor, b: Tensor, extractor: Extractor) -> np.ndarray:
    """Sum over the stages of EfficientNet of the mean squared distance of unit vectors over the channels.

    uint8 [N, C, H, W] twice, the n-th with the n-th -> float64 [N]. Name the extractor beside the value.
    """
    network = extractor.module
    assert isinstance(network, EfficientNetLite0)
    distances = []
    for parts in zip(a.split(_BATCH), b.split(_BATCH), strict=True):
        pairs = zip(*(network.stages(extractor.inputs(part)) for part in parts), strict=True)
        stages = [(F.normalize(x, dim=1) - F.normalize(y, dim=1)).square().sum(1).mean((1, 2)) for x, y in pairs]
        distances.append(torch.stack(stages).sum(0))
    return torch.cat(distances).double().numpy()
