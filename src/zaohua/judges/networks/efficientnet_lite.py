"""EfficientNet-Lite: the ImageNet classifiers EfficientNet-B0 and B1 (Tan and Le 2019, arXiv:1905.11946) without
squeeze-and-excitation and with ReLU6, as their authors released them for small machines in 2020."""

from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.nn.convolution import ConvNorm, SameConv2d

FEATURES = 1280
_EPS = 1e-3  # of its batch norms
# side of the depthwise convolution, stride of the first block, expansion, channels
_STAGES = (
    (3, 1, 1, 16),
    (3, 2, 6, 24),
    (5, 2, 6, 40),
    (3, 2, 6, 80),
    (5, 1, 6, 112),
    (5, 2, 6, 192),
    (3, 1, 6, 320),
)
# what the published file calls the parts: of the whole network, and of a block
_PARTS = {"_conv_stem": "stem.conv", "_bn0": "stem.norm", "_conv_head": "head.conv", "_bn1": "head.norm"}
_PARTS |= {"_fc": "classifier"}
_BLOCK_PARTS = {"_expand_conv": "expand.conv", "_bn0": "expand.norm", "_depthwise_conv": "depthwise.conv"}
_BLOCK_PARTS |= {"_bn1": "depthwise.norm", "_project_conv": "project.conv", "_bn2": "project.norm"}


def _conv(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> ConvNorm:
    return ConvNorm(SameConv2d(inputs, outputs, kernel, stride, groups=groups, bias=False), _EPS)


class Block(nn.Module):
    """Inverted bottleneck: widen, look around in each channel alone, narrow (Sandler et al. 2018, arXiv:1801.04381)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.expand = _conv(inputs, inner, 1) if expansion > 1 else None
        self.depthwise = _conv(inner, inner, kernel, stride, groups=inner)
        self.project = _conv(inner, outputs, 1)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        inner = F.relu6(self.expand(x)) if self.expand is not None else x
        inner = self.project(F.relu6(self.depthwise(inner)))
        return x + inner if self.residual else inner


class EfficientNetLite(nn.Module):
    """Pictures [B, 3, H, W], standardised as ImageNet's usually are -> features [B, 1280], logits [B, 1000]

    counts: blocks in each of the stages.
    """

    counts: ClassVar[tuple[int, ...]]

    def __init__(self) -> None:
        super().__init__()
        channels = 32
        self.stem = _conv(3, channels, 3, stride=2)
        blocks, self.stage_ends = [], []
        for count, (kernel, stride, expansion, width) in zip(self.counts, _STAGES, strict=True):
            for place in range(count):
                blocks.append(Block(channels, width, kernel, stride if place == 0 else 1, expansion))
                channels = width
            self.stage_ends.append(len(blocks) - 1)
        self.blocks = nn.ModuleList(blocks)
        self.head = _conv(channels, FEATURES, 1)
        self.classifier = nn.Linear(FEATURES, 1000)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = F.relu6(self.head(self.stages(x)[-1])).mean((2, 3))
        return features, self.classifier(features)

    def stages(self, x: Tensor) -> list[Tensor]:
        """What stands at the end of each of the seven stages, from fine to coarse. [B, C, H, W] each"""
        x = F.relu6(self.stem(x))
        ends = []
        for place, block in enumerate(self.blocks):
            x = block(x)
            if place in self.stage_ends:
                ends.append(x)
        return ends


class EfficientNetLite0(EfficientNetLite):
    """4.7 million parameters."""

    counts = (1, 2, 2, 3, 3, 4, 1)


class EfficientNetLite1(EfficientNetLite):
    """The same with more blocks, trained on its own: 5.4 million parameters."""

    counts = (1, 3, 3, 4, 4, 5, 1)


def renamed(name: str) -> str:
    """Our name of a tensor in the published file."""
    first, *rest = name.split(".")
    if first == "_blocks":
        number, part, tensor = rest
        return f"blocks.{number}.{_BLOCK_PARTS[part]}.{tensor}"
    return ".".join((_PARTS[first], *rest))
