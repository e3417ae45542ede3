"""How clips move, in numbers that no network had to learn: what flows where, how fast, and whether it goes on.

Lightness is followed from frame to frame at 32 × 32 by the method of Lucas and Kanade (1981) in a grid of 4 × 4 cells.
A clip's description is, for each cell, the mean and the spread over time of the flow (right, down) and of the change,
and how far the flow of one moment agrees with that of the next. Frames in disorder, or one frame all the time, look as
good as any to whoever looks at single frames, and not to this. It does not tell forwards from backwards.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from zaohua.judges.pictures import resized, with_channels

MOTION = "motion-flow-4x4"
_SIDE, _CELLS = 32, 4
_STIFF = 1e-4  # squared lightness of 0 … 1 added to the slopes: what is flat does not flow
_FASTEST = 4.0  # pixels in a frame
_CHANGE = 10.0  # weight of the change of lightness beside pixels of flow
_AT_ONCE = 64  # clips


@torch.no_grad()
def motion_features(clips: Tensor) -> np.ndarray:
    """Of clips uint8 [N, T, C, H, W], T at least 3: float32 [N, 128]"""
    return torch.cat([_described(part) for part in clips.split(_AT_ONCE)]).numpy()


def _described(clips: Tensor) -> Tensor:
    count, frames = clips.shape[:2]
    light = resized(with_channels(clips.flatten(0, 1).float(), 1), _SIDE) / 255
    x = F.avg_pool2d(light, 3, 1, 1, count_include_pad=False).view(count, frames, _SIDE, _SIDE)
    middle, change = (x[:, 1:] + x[:, :-1]) / 2, x[:, 1:] - x[:, :-1]
    down, right = torch.gradient(middle, dim=(2, 3))

    def summed(values: Tensor) -> Tensor:
        """Mean of each cell, [N, T - 1, cells]"""
        return F.avg_pool2d(values, _SIDE // _CELLS).flatten(2)

    xx, yy, xy = summed(right**2) + _STIFF, summed(down**2) + _STIFF, summed(right * down)
    xt, yt = summed(right * change), summed(down * change)
    area = xx * yy - xy**2
    flow = torch.stack(((xy * yt - yy * xt) / area, (xy * xt - xx * yt) / area))  # [2, N, T - 1, cells]
    u, v = flow.clamp(-_FASTEST, _FASTEST)
    energy = _CHANGE * summed(change**2).sqrt()
    seen = [u, v, energy]
    persistent = [(one[:, 1:] * one[:, :-1]).mean(1) for one in (u, v)]
    return torch.cat([one.mean(1) for one in seen] + [one.std(1) for one in seen] + persistent, 1)


def shuffled(clips: Tensor, seed: int = 0) -> Tensor:
    """The same frames, those of each clip in a random order: every frame is as good, and no motion. [N, T, C, H, W]"""
    draw = np.random.default_rng(seed)
    orders = np.stack([draw.permutation(clips.shape[1]) for _ in range(len(clips))])
    return clips[torch.arange(len(clips))[:, None], torch.from_numpy(orders)]


def still(clips: Tensor) -> Tensor:
    """The first frame of each clip all the time. [N, T, C, H, W]"""
    return clips[:, :1].expand_as(clips)
