"""A discriminator of clips: it sees a few frames and how far they are apart, as in StyleGAN-V (Skorokhodov et al. 2022,
arXiv:2112.14683): one of them alone, and all together."""

from dataclasses import replace
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.gan.networks.convnet import Octave
from zaohua.gan.networks.shape import build_discriminator
from zaohua.gan.video.networks.shape import ClipShape

_SHARED = 2  # octaves through which every frame goes alone


class ClipDiscriminator(nn.Module):
    """Frames [B, k, C, H, W] and a condition [B, k + 1] -> scores [B]: that of the first frame as a picture and that of
    the clip together.

    Every frame goes through the same first octaves. For the clip the features of all are laid side by side, with the
    steps in time between them as further channels, so that what is compared is what was seen and where.
    """

    def __init__(self, shape: ClipShape) -> None:
        super().__init__()
        self.length = shape.length
        picture = shape.picture
        first, later = picture.discriminator_widths[:_SHARED], picture.discriminator_widths[_SHARED:]
        self.octaves = nn.ModuleList(Octave(*pair, 0) for pair in pairwise((picture.channels, *first)))
        rest = replace(picture, size=picture.size >> _SHARED, channels=first[-1], discriminator_widths=later)
        self.picture = build_discriminator(rest)
        self.clip = build_discriminator(replace(rest, channels=shape.looks * first[-1] + shape.looks - 1))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        labels = condition[:, -1].long()
        steps = condition[:, :-1].diff(dim=1) / self.length  # [B, k - 1]
        features = x.flatten(0, 1)
        for octave in self.octaves:
            features = F.avg_pool2d(octave(features), 2)
        features = features.view(*x.shape[:2], *features.shape[1:])  # [B, k, D, h, w]
        planes = steps[..., None, None].expand(-1, -1, *features.shape[-2:])
        together = torch.cat((features.flatten(1, 2), planes), 1)
        return self.picture(features[:, 0], labels) + self.clip(together, labels)
