"""How a model looks at a picture it is to speak of: not by codes, which are made for drawing, but by what a frozen
network of photographs sees in it, as vectors that stand in the place of tokens.

A continuous prefix (ClipCap, Mokady et al. 2021, arXiv:2111.09734) for reading and codes for drawing, each by its own
road (Janus, Wu et al. 2024, arXiv:2410.13848).
"""

from dataclasses import dataclass
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.data.progress import tracked
from zaohua.errors import UsageError
from zaohua.i18n import t
from zaohua.judges.extractor import Extractor, open_extractor
from zaohua.judges.networks.efficientnet_lite import FEATURES, EfficientNetLite0
from zaohua.seeding import dropout

_FINE, _COARSE = 4, 6  # stages whose maps are read: at strides of 16 and 32
_MAPS = 112 + 320  # their channels
_STRIDE = 32
_LOOKS = 64  # pictures at a time
_SITE = 90  # of randomness
_LEAST = 1e-3


@dataclass(frozen=True, eq=False)
class Eye:
    """The frozen network."""

    extractor: Extractor

    @classmethod
    def open(cls, name: str) -> Self:
        """By the extractor's name. Raises UsageError for one that has no maps to look at."""
        extractor = open_extractor(name.partition("@")[0])
        if not isinstance(extractor.module, EfficientNetLite0):
            raise UsageError(t("anymodal.no_such_sight", name=name, known="efficientnet-lite0-128"))
        if "@" in name and name != extractor.name:
            raise UsageError(t("anymodal.other_sight", name=name, found=extractor.name))
        return cls(extractor)

    @property
    def places(self) -> int:
        """Places of a picture that it sees apart."""
        return (self.extractor.side // _STRIDE) ** 2

    @torch.no_grad()
    def look(self, pictures: Tensor, *, visible: bool = False) -> Tensor:
        """uint8 [N, C, H, W] -> float16 [N, places · 432 + 1280] on the CPU: every place's, then those of the whole.
        visible: a progress bar, if it takes more than a second."""
        network = self.extractor.module
        assert isinstance(network, EfficientNetLite0)
        found = []
        parts = pictures.split(_LOOKS)
        for part in tracked(parts, len(parts), t("anymodal.looking"), visible=visible):
            stages = network.stages(self.extractor.inputs(part.to(next(network.parameters()).device)))
            coarse = stages[_COARSE]
            fine = F.adaptive_avg_pool2d(stages[_FINE], (coarse.shape[2], coarse.shape[3]))
            places = torch.cat((fine, coarse), 1).flatten(2).transpose(1, 2)  # [n, places, 432]
            whole = F.relu6(network.head(coarse)).mean((2, 3))
            found.append(torch.cat((places.flatten(1), whole), 1).half().cpu())
        return torch.cat(found)


class Sight(nn.Module):
    """What the eye saw -> the vectors that the decoder reads. Its numbers are standardised as those of the pictures
    trained on."""

    local_mean: Tensor
    local_scale: Tensor
    whole_mean: Tensor
    whole_scale: Tensor

    def __init__(self, places: int, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.places, self.dropout = places, dropout
        self.local = nn.Linear(_MAPS, width)
        self.whole = nn.Linear(FEATURES, width)
        self.positions = nn.Parameter(torch.zeros(places + 1, width))
        for name, size in (("local", _MAPS), ("whole", FEATURES)):
            self.register_buffer(f"{name}_mean", torch.zeros(size))
            self.register_buffer(f"{name}_scale", torch.ones(size))

    @property
    def tokens(self) -> int:
        """Vectors of a picture."""
        return self.places + 1

    @torch.no_grad()
    def start(self, seen: Tensor, generator: torch.Generator, scale: float) -> None:
        """Standardise by what was seen, float16 [N, …], and draw weights: vectors about as long as `scale` a number."""
        for name, part in zip(("local", "whole"), self._parts(seen), strict=True):
            part = part.flatten(0, -2)
            getattr(self, f"{name}_mean").copy_(part.mean(0))
            getattr(self, f"{name}_scale").copy_(1 / (part.std(0) + _LEAST))
            linear = getattr(self, name)
            linear.weight.copy_(torch.randn(linear.weight.shape, generator=generator) * scale / part.shape[1] ** 0.5)
            linear.bias.zero_()
        self.positions.copy_(torch.randn(self.positions.shape, generator=generator) * scale)

    def forward(self, seen: Tensor, dropout_keys: Tensor | None = None) -> Tensor:
        """[n, places · 432 + 1280] -> [n, tokens, D]. dropout_keys: int32 [n], of the pictures' rows, in training."""
        local, whole = self._parts(seen)
        local = (local - self.local_mean) * self.local_scale
        whole = (whole - self.whole_mean) * self.whole_scale
        if dropout_keys is not None and self.dropout:
            local = dropout(local, self.dropout, dropout_keys, _SITE)
            whole = dropout(whole, self.dropout, dropout_keys, _SITE + 1)
        return torch.cat((self.local(local), self.whole(whole)), 1) + self.positions

    def _parts(self, seen: Tensor) -> tuple[Tensor, Tensor]:
        """fp32 [n, places, 432] and [n, 1, 1280]"""
        local, whole = seen.to(self.positions.dtype).split((self.places * _MAPS, FEATURES), 1)
        return local.unflatten(1, (self.places, _MAPS)), whole[:, None]
