"""The two towers: a medium and a sentence each become one unit vector of a common space.

Both are the project's Transformer looking both ways, over patches of a picture or what a frozen network sees there,
stretches of a log-mel spectrogram, or tokens; its outputs are averaged and projected.
"""

import math
from abc import ABC, abstractmethod
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.multimodal.contrastive.losses import (
    FIRST_BIAS,
    FIRST_SCALE,
    FIRST_SIGMOID_SCALE,
    LARGEST_SCALE,
    sigmoid_loss,
    softmax_loss,
)
from zaohua.multimodal.contrastive.shape import TowersConfig
from zaohua.multimodal.sight import Sight
from zaohua.nn.config import TransformerConfig
from zaohua.nn.transformer import Transformer

_ALIKE = 16  # rows that are as long as the longest of them
_MOST_GROUPS = 8


class Tower(nn.Module, ABC):
    """[B, T, W] -> unit vectors [B, D]: positions, Transformer, mean, projection. positions: 0 where the
    stem adds them."""

    def __init__(self, config: TransformerConfig, positions: int, dim: int) -> None:
        super().__init__()
        learned = positions and config.positions == "learned"
        self.positions = nn.Parameter(torch.empty(positions, config.width)) if learned else None
        self.transformer = Transformer(config)
        self.project = nn.Linear(config.width, dim, bias=False)

    def pooled(self, x: Tensor, real: Tensor | None, keys: Tensor | None) -> Tensor:
        """x: [B, T, W]; real: bool [B, T], False at padding, None if there is none; keys: of the rows' dropout, [B]."""
        if self.positions is not None:
            x = x + self.positions[: x.shape[1]]
        x = self.transformer(x, None if real is None else real[:, None, None], dropout_keys=keys)
        if real is None:
            mean = x.mean(1)
        else:
            weights = real.to(x.dtype)[..., None]
            mean = (x * weights).sum(1) / weights.sum(1)
        vectors = self.project(mean)
        return F.normalize(vectors.to(torch.promote_types(vectors.dtype, torch.float32)), dim=-1)

    def ragged(self, inputs: Tensor, lengths: Tensor, keys: Tensor | None) -> Tensor:
        """Rows of different lengths, [B, T, …] of which the first lengths[b] count: those alike go together, so that
        little is computed for padding."""
        order = lengths.argsort(stable=True)
        found = []
        for rows in order.chunk(min(_MOST_GROUPS, -(-len(order) // _ALIKE))):
            own = lengths[rows]
            longest = int(own[-1])
            real = None if int(own[0]) == longest else torch.arange(longest, device=own.device) < own[:, None]
            x = self.embed(inputs[rows, :longest])
            found.append(self.pooled(x, real, None if keys is None else keys[rows]))
        return torch.cat(found)[order.argsort()]

    @abstractmethod
    def embed(self, inputs: Tensor) -> Tensor:
        """What the Transformer reads: [B, T, …] -> [B, T, W]"""


class PictureTower(Tower):
    """Pictures."""

    def __init__(self, config: TowersConfig) -> None:
        side, width = config.size // config.patch, config.media.width
        super().__init__(config.media, side * side, config.dim)
        self.patch = config.patch
        if config.stem == "patches":
            self.stem: nn.Module = nn.Linear(config.channels * config.patch**2, width)
        else:
            self.stem = _convolutions(config.stem_widths())

    def forward(self, pictures: Tensor, keys: Tensor | None = None) -> Tensor:
        """float [B, C, H, W] in -1 … 1 -> [B, D]"""
        return self.pooled(self.embed(pictures), None, keys)

    def embed(self, inputs: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, patches, W], row by row."""
        if not isinstance(self.stem, nn.Linear):
            return self.stem(inputs).flatten(2).transpose(1, 2)
        p = self.patch
        cut = inputs.unflatten(3, (-1, p)).unflatten(2, (-1, p))  # [B, C, rows, p, columns, p]
        return self.stem(cut.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2))


class SeenTower(Tower):
    """Pictures, as a frozen network sees them."""

    def __init__(self, config: TowersConfig) -> None:
        super().__init__(config.media, 0, config.dim)
        self.stem = Sight(config.places - 1, config.media.width, config.media.dropout)

    def forward(self, seen: Tensor, keys: Tensor | None = None) -> Tensor:
        """What the eye saw, float16 [B, …] -> [B, D]"""
        return self.pooled(self.stem(seen, keys), None, keys)

    def embed(self, inputs: Tensor) -> Tensor:
        """[B, …] -> [B, places, W]"""
        return self.stem(inputs)


class SoundTower(Tower):
    """Sounds, as log-mel spectra."""

    def __init__(self, config: TowersConfig) -> None:
        super().__init__(config.media, config.patches, config.dim)
        self.frames = config.frames
        self.stem = nn.Linear(config.bands * config.frames, config.media.width)

    def forward(self, spectra: Tensor, lengths: Tensor, keys: Tensor | None = None) -> Tensor:
        """spectra: [B, T, bands], scaled to about -1 … 1, T a multiple of a patch's frames; lengths: patches of each
        that are no padding, [B]. Returns [B, D]."""
        return self.ragged(spectra.unflatten(1, (-1, self.frames)).flatten(2), lengths, keys)

    def embed(self, inputs: Tensor) -> Tensor:
        """[B, T, bands · frames] -> [B, T, W]"""
        return self.stem(inputs)


class TextTower(Tower):
    """Sentences."""

    def __init__(self, config: TowersConfig) -> None:
        super().__init__(config.text, config.context, config.dim)
        self.embed_tokens = nn.Embedding(config.vocab_size, config.text.width)

    def forward(self, ids: Tensor, lengths: Tensor, keys: Tensor | None = None) -> Tensor:
        """ids: [B, T]; lengths: tokens of each that are no padding, [B]. Returns [B, D]."""
        return self.ragged(ids, lengths, keys)

    def embed(self, inputs: Tensor) -> Tensor:
        """[B, T] -> [B, T, W]"""
        return self.embed_tokens(inputs)


class Towers(nn.Module):
    """Both towers, and the scale (and bias) that cosines are judged with."""

    entries = ("see", "read", "judged")  # methods that read its own weights, see Parallel.wrap

    def __init__(self, config: TowersConfig) -> None:
        super().__init__()
        self.config = config
        pictures = SeenTower if config.sight else PictureTower
        self.media = pictures(config) if config.kind == "pictures" else SoundTower(config)
        self.text = TextTower(config)
        self.log_scale = nn.Parameter(torch.empty(1))
        self.bias = nn.Parameter(torch.empty(1)) if config.loss == "sigmoid" else None

    def see(self, *inputs: Tensor | None) -> Tensor:
        """Vectors of media, see PictureTower, SeenTower and SoundTower: [B, D]"""
        return self.media(*inputs)

    def read(self, ids: Tensor, lengths: Tensor, keys: Tensor | None = None) -> Tensor:
        """Vectors of sentences: [B, D]"""
        return self.text(ids, lengths, keys)

    def judged(self, u: Tensor, v: Tensor, positives: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The loss of these vectors, see losses.py, and the scale it was judged with."""
        scale = self.scale()
        if self.bias is None:
            return softmax_loss(u, v, scale, positives), scale
        return sigmoid_loss(u, v, scale, self.bias, positives), scale

    def scale(self) -> Tensor:
        """The factor on cosines, 100 at most: beyond that single pairs would rule a batch. [1]"""
        with torch.no_grad():  # on the number itself: a clamp in its way would leave it without a gradient for good
            self.log_scale.clamp_(max=math.log(LARGEST_SCALE))
        return self.log_scale.exp()


@torch.no_grad()
def initialise(towers: Towers, seed: int) -> None:
    """Draw the weights: matrices N(0, 1/fan_in), those that write into the stream smaller by the root of their number,
    tokens and their positions N(0, 0.1²), positions of patches, which are larger, N(0, 0.5²), gains one, biases zero;
    scale and bias as their loss begins."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in towers.named_parameters():
        if name.endswith(("embed_tokens.weight", "positions")):
            nn.init.normal_(parameter, std=0.5 if name.startswith("media") else 0.1, generator=generator)
        elif parameter.ndim > 1:
            writers = 2 * (towers.config.media if name.startswith("media") else towers.config.text).layers
            share = writers**-0.5 if name.endswith(("o_proj.weight", "down_proj.weight")) else 1.0
            nn.init.normal_(parameter, std=share * parameter[0].numel() ** -0.5, generator=generator)
        elif parameter.ndim == 1:
            nn.init.constant_(parameter, 0.0 if name.endswith("bias") else 1.0)
    first = FIRST_SCALE if towers.config.loss == "softmax" else FIRST_SIGMOID_SCALE
    towers.log_scale.fill_(math.log(first))
    if towers.bias is not None:
        towers.bias.fill_(FIRST_BIAS)


def _convolutions(widths: list[int]) -> nn.Sequential:
    """3×3 convolutions of stride 2 with GELUs between them (Xiao et al. 2021, arXiv:2106.14881)."""
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.GELU()]
    return nn.Sequential(*layers[:-1])
