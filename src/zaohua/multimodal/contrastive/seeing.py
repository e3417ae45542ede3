"""Pictures as a frozen network sees them, looked at once before training: each in a few views that stay the same."""

import torch
from torch import Tensor

from zaohua.gan.images.pixels import to_bytes, to_floats
from zaohua.multimodal.contrastive.augment import picture_views
from zaohua.multimodal.sight import Eye
from zaohua.seeding import sample_keys, uniform

_MADE = 256  # pictures at a time
_STREAM = 40  # this use of randomness, see zaohua.seeding
_CHOICE = 41  # site of randomness


def more_views(
    eye: Eye, pictures: Tensor, count: int, seed: int, *, crop: float, colour: float, mirror: bool, visible: bool
) -> list[Tensor]:
    """What the eye sees of `count` views of these, uint8 [N, C, H, W], see picture_views: float16 [N, …] each."""
    found = []
    for number in range(1, 1 + count):
        keys = sample_keys(seed, number, torch.arange(len(pictures)), _STREAM)
        made = [
            to_bytes(picture_views(to_floats(part), own, crop=crop, colour=colour, mirror=mirror))
            for part, own in zip(pictures.split(_MADE), keys.split(_MADE), strict=True)
        ]
        found.append(eye.look(torch.cat(made), visible=visible))
    return found


def chosen_views(views: Tensor, things: Tensor, keys: Tensor) -> Tensor:
    """One view of each of these. views: [V, N, …]; things: int64 [B]; keys: int32 [B]. Returns [B, …]"""
    return views[(uniform(keys, 1, _CHOICE)[:, 0] * len(views)).long(), things]
