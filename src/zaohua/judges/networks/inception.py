"""Inception v3 (Szegedy et al. 2015, arXiv:1512.00567) as the published Fréchet distances use it.

That is the graph that Google released on 2015-12-05: 1,008 outputs, average pools that leave the padding out, a
maximum in place of the average in the last block, and pictures resized as TensorFlow 1 did. Names are those of the
file of weights that the field passes on, pt_inception-2015-12-05.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.nn.convolution import ConvNorm

SIDE = 299
_EPS = 1e-3  # of its batch norms
# A step of a branch: channels, stride, and the kernels that look at it side by side. Strides leave the edge out.
Step = tuple[int, int, tuple[tuple[int, int], ...]]
Branches = dict[str, tuple[Step, ...]]
_ROW, _COLUMN = (1, 7), (7, 1)


def _step(channels: int, *kernels: int | tuple[int, int], stride: int = 1) -> Step:
    return channels, stride, tuple((kernel, kernel) if isinstance(kernel, int) else kernel for kernel in kernels)


def _first(pool: int) -> Branches:
    return {
        "branch1x1": (_step(64, 1),),
        "branch5x5": (_step(48, 1), _step(64, 5)),
        "branch3x3dbl": (_step(64, 1), _step(96, 3), _step(96, 3)),
        "branch_pool": (_step(pool, 1),),
    }


def _middle(width: int) -> Branches:
    turns = (_step(width, _COLUMN), _step(width, _ROW), _step(width, _COLUMN), _step(192, _ROW))
    return {
        "branch1x1": (_step(192, 1),),
        "branch7x7": (_step(width, 1), _step(width, _ROW), _step(192, _COLUMN)),
        "branch7x7dbl": (_step(width, 1), *turns),
        "branch_pool": (_step(192, 1),),
    }


_LAST: Branches = {
    "branch1x1": (_step(320, 1),),
    "branch3x3": (_step(384, 1), _step(384, (1, 3), (3, 1))),
    "branch3x3dbl": (_step(448, 1), _step(384, 3), _step(384, (1, 3), (3, 1))),
    "branch_pool": (_step(192, 1),),
}
_SHRINK: Branches = {
    "branch3x3": (_step(384, 3, stride=2),),
    "branch3x3dbl": (_step(64, 1), _step(96, 3), _step(96, 3, stride=2)),
    "branch_pool": (),
}
_SHRINK_AGAIN: Branches = {
    "branch3x3": (_step(192, 1), _step(320, 3, stride=2)),
    "branch7x7x3": (_step(192, 1), _step(192, _ROW), _step(192, _COLUMN), _step(192, 3, stride=2)),
    "branch_pool": (),
}
# name, branches, pool: "mean" or "max" at stride 1, "shrink" for a maximum at stride 2
_BLOCKS: tuple[tuple[str, Branches, str], ...] = (
    ("Mixed_5b", _first(32), "mean"),
    ("Mixed_5c", _first(64), "mean"),
    ("Mixed_5d", _first(64), "mean"),
    ("Mixed_6a", _SHRINK, "shrink"),
    ("Mixed_6b", _middle(128), "mean"),
    ("Mixed_6c", _middle(160), "mean"),
    ("Mixed_6d", _middle(160), "mean"),
    ("Mixed_6e", _middle(192), "mean"),
    ("Mixed_7a", _SHRINK_AGAIN, "shrink"),
    ("Mixed_7b", _LAST, "mean"),
    ("Mixed_7c", _LAST, "max"),
)
# name, channels, kernel, stride, padding, whether a maximum over 3×3 at stride 2 follows
_STEM = (
    ("Conv2d_1a_3x3", 32, 3, 2, 0, False),
    ("Conv2d_2a_3x3", 32, 3, 1, 0, False),
    ("Conv2d_2b_3x3", 64, 3, 1, 1, True),
    ("Conv2d_3b_1x1", 80, 1, 1, 0, False),
    ("Conv2d_4a_3x3", 192, 3, 1, 0, True),
)
FEATURES = 2048


class Mixed(nn.Module):
    """Branches side by side, their channels one after the other. [B, C, H, W] -> [B, C', H', W']"""

    def __init__(self, inputs: int, branches: Branches, pool: str) -> None:
        super().__init__()
        self.branches, self.pool = branches, pool
        self.convs = nn.ModuleDict()
        self.outputs = 0
        for branch, steps in branches.items():
            width = inputs
            for place, (channels, stride, kernels) in enumerate(steps):
                for name, kernel in zip(_names(branch, steps, place), kernels, strict=True):
                    padding = (kernel[0] // 2, kernel[1] // 2) if stride == 1 else (0, 0)
                    conv = nn.Conv2d(width, channels, kernel, stride, padding, bias=False)
                    self.convs[name] = ConvNorm(conv, _EPS)
                width = channels * len(kernels)
            self.outputs += width

    def forward(self, x: Tensor) -> Tensor:
        found = []
        for branch, steps in self.branches.items():
            y = self._pooled(x) if branch == "branch_pool" else x
            for place in range(len(steps)):
                y = torch.cat([F.relu(self.convs[name](y)) for name in _names(branch, steps, place)], 1)
            found.append(y)
        return torch.cat(found, 1)

    def _pooled(self, x: Tensor) -> Tensor:
        if self.pool == "shrink":
            return F.max_pool2d(x, 3, 2)
        if self.pool == "max":
            return F.max_pool2d(x, 3, 1, 1)
        return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)


def _names(branch: str, steps: tuple[Step, ...], place: int) -> list[str]:
    """What the file calls the convolutions of one step: numbered in a longer branch, with letters side by side."""
    if len(steps) == 1:
        return [branch]
    kernels = steps[place][2]
    return [f"{branch}_{place + 1}{'ab'[number] if len(kernels) > 1 else ''}" for number in range(len(kernels))]


class Inception(nn.Module):
    """Pictures [B, 3, 299, 299] in -1 … 1 -> features [B, 2048], logits [B, 1008].

    The logits leave the bias out, as the scores that were published with this network do.
    """

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleDict()
        width = 3
        for name, channels, kernel, stride, padding, _ in _STEM:
            self.parts[name] = ConvNorm(nn.Conv2d(width, channels, kernel, stride, padding, bias=False), _EPS)
            width = channels
        for name, branches, pool in _BLOCKS:
            self.parts[name] = block = Mixed(width, branches, pool)
            width = block.outputs
        self.fc = nn.Linear(FEATURES, 1008)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        for name, *_, shrinks in _STEM:
            x = F.relu(self.parts[name](x))
            x = F.max_pool2d(x, 3, 2) if shrinks else x
        for name, *_ in _BLOCKS:
            x = self.parts[name](x)
        features = x.mean((2, 3))
        return features, features @ self.fc.weight.T


def renamed(name: str) -> str:
    """Our name of a tensor in the file."""
    first, *rest = name.split(".")
    if first == "fc":
        return name
    rest = ["norm" if part == "bn" else part for part in rest]
    return ".".join(("parts", first, *(("convs",) if first.startswith("Mixed") else ()), *rest))


def resized_as_then(x: Tensor, side: int) -> Tensor:
    """Bilinear as TensorFlow 1 had it: output pixel i looks at i · (from / to), without blur. [N, C, H, W]"""
    for axis in (2, 3):
        size = x.shape[axis]
        places = torch.arange(side, device=x.device, dtype=torch.float32) * (size / side)
        low = places.long()
        share = (places - low).view(-1, *(1,) * (3 - axis))
        below, above = x.index_select(axis, low), x.index_select(axis, (low + 1).clamp_max(size - 1))
        x = below + (above - below) * share
    return x
