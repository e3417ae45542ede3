"""From a modality to features in a row: [B, T, D] and which of them are there, bool [B, T]."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.multimodal.understanding.shape import Shape
from zaohua.nn.transformer import Transformer

_COARSEST = 4  # places a side from which on a picture is not made smaller
_GROUPS = 8  # of channels that are normed together
_HALVINGS = 3  # of a spectrum, in time and in frequency

Features = tuple[Tensor, Tensor]


class Convolutions(nn.Module):
    """Blocks of two 3×3 convolutions, the first of stride 2, added to a plain path; twice as wide from block to block,
    up to `width`. Norms go by groups of channels: a sample's features must not depend on the batch it is in.

    [B, C, H, W] -> [B, width, ⌈H / 2^n⌉, ⌈W / 2^n⌉], twice as coarse if the very first convolution has a stride of 2.
    """

    def __init__(self, incoming: int, channels: int, width: int, halvings: int, stride: int = 1) -> None:
        super().__init__()
        widths = [channels, *(min(width, channels << step) for step in range(1, halvings)), width][: halvings + 1]
        self.stem = nn.Conv2d(incoming, widths[0], 3, stride=stride, padding=1)
        self.blocks = nn.ModuleList(_Block(*pair) for pair in pairwise(widths))

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return x


class _Block(nn.Module):
    def __init__(self, incoming: int, outgoing: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.GroupNorm(min(_GROUPS, width), width) for width in (incoming, outgoing))
        self.first = nn.Conv2d(incoming, outgoing, 3, stride=2, padding=1)
        self.second = nn.Conv2d(outgoing, outgoing, 3, padding=1)
        self.plain = nn.Conv2d(incoming, outgoing, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(F.gelu(self.norms[0](x)))
        y = self.second(F.gelu(self.norms[1](y)))
        return y + self.plain(F.avg_pool2d(x, 2, ceil_mode=True, count_include_pad=False))


class TextEncoder(nn.Module):
    """Tokens through the project's Transformer, looking both ways; rotary positions are its own."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.vocab_size, shape.width)
        self.transformer = Transformer(shape.transformer)

    def forward(self, ids: Tensor, real: Tensor, keys: Tensor | None = None) -> Features:
        """ids: [B, T]; real: bool [B, T], False at padding."""
        seen = (real | ~real.any(-1, keepdim=True))[:, None, None]  # a row without a token looks at padding
        return self.transformer(self.embed_tokens(ids), seen, dropout_keys=keys), real


class PictureEncoder(nn.Module):
    """Convolutions down to a grid of 4 × 4 places or a little more, each with a learned position."""

    def __init__(self, shape: Shape, size: int, channels: int) -> None:
        super().__init__()
        halvings = (max(size // _COARSEST, 1) - 1).bit_length()
        self.trunk = Convolutions(channels, shape.channels, shape.width, halvings)
        side = -(-size // 2**halvings)
        self.positions = nn.Parameter(0.02 * torch.randn(side * side, shape.width))

    def forward(self, pixels: Tensor, keys: Tensor | None = None) -> Features:
        """float [B, C, H, W] in -1 … 1"""
        x = self.trunk(pixels).flatten(2).transpose(1, 2) + self.positions
        return x, _all_there(x)


class SoundEncoder(nn.Module):
    """Log-mel spectra through convolutions; what is left of the bands is put side by side at each moment."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        assert shape.forms.audio is not None
        mel, length = shape.mel, shape.forms.audio.length
        self.trunk = Convolutions(1, shape.channels, shape.width, _HALVINGS - 1, stride=2)
        cells = [-(-places // 2**_HALVINGS) for places in (mel.bands, -(-length // mel.hop))]
        self.project = nn.Linear(cells[0] * shape.width, shape.width)
        self.positions = nn.Parameter(0.02 * torch.randn(cells[1], shape.width))

    def forward(self, spectra: Tensor, keys: Tensor | None = None) -> Features:
        """[B, 1, bands, moments], see zaohua.multimodal.understanding.batches.heard"""
        x = self.trunk(spectra).permute(0, 3, 1, 2).flatten(2)  # [B, moments, width · bands]
        x = self.project(x) + self.positions
        return x, _all_there(x)


class FilmEncoder(nn.Module):
    """Every frame as a picture, the mean of its places; then a Transformer over the frames, which sees what moves."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        form = shape.forms.video
        assert form is not None
        self.frame = PictureEncoder(shape, form.picture.size, form.picture.channels)
        self.transformer = Transformer(shape.transformer)

    def forward(self, frames: Tensor, keys: Tensor | None = None) -> Features:
        """float [B, F, C, H, W] in -1 … 1"""
        x = self.frame(frames.flatten(0, 1))[0].mean(1).unflatten(0, frames.shape[:2])
        return self.transformer(x, dropout_keys=keys), _all_there(x)


class TableEncoder(nn.Module):
    """A feature for every column: a number, standardised, times a vector of its column, or a vector of its word."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        form = shape.forms.table
        assert form is not None
        numbers = len(form.numbers)
        self.columns = nn.Parameter(torch.randn(numbers + len(form.categories), shape.width) * 0.1)
        self.slopes = nn.Parameter(torch.randn(numbers, shape.width))
        self.words = nn.ModuleList(nn.Embedding(len(known) + 1, shape.width) for known in shape.words)
        hidden = 2 * shape.width
        self.mlp = nn.Sequential(nn.Linear(shape.width, hidden), nn.GELU(), nn.Linear(hidden, shape.width))
        self.register_buffer("mean", torch.zeros(numbers))
        self.register_buffer("deviation", torch.ones(numbers))

    @torch.no_grad()
    def standardise(self, numbers: Tensor) -> None:
        """Take mean and standard deviation of the columns, NaN left out. float32 [N, K]"""
        there = ~numbers.isnan()
        count = there.sum(0).clamp(min=1)
        self.mean.copy_(numbers.nan_to_num().sum(0) / count)
        variance = ((numbers - self.mean).nan_to_num() ** 2).sum(0) / count
        self.deviation.copy_(torch.where(variance > 0, variance.sqrt(), 1.0))

    def forward(self, numbers: Tensor, words: Tensor, keys: Tensor | None = None) -> Features:
        """numbers: [B, K], NaN where there is none; words: int64 [B, J], 0 where there is none, -1 if not known."""
        scaled = ((numbers - self.mean) / self.deviation).nan_to_num()
        parts = [scaled[..., None] * self.slopes]
        for place, embedding in enumerate(self.words):
            parts.append(embedding(words[:, place].clamp(min=0))[:, None])
        x = torch.cat(parts, 1) + self.columns
        return x + self.mlp(x), torch.cat([~numbers.isnan(), words != 0], 1)


def _all_there(x: Tensor) -> Tensor:
    return x.new_ones(x.shape[:2], dtype=torch.bool)


def encoders_of(shape: Shape) -> nn.ModuleDict:
    """One for each modality of the shape, drawn from torch's generator."""
    forms = shape.forms
    made: dict[str, nn.Module] = {}
    if forms.text:
        made["text"] = TextEncoder(shape)
    if forms.image is not None:
        made["image"] = PictureEncoder(shape, forms.image.size, forms.image.channels)
    if forms.audio is not None:
        made["audio"] = SoundEncoder(shape)
    if forms.video is not None:
        made["video"] = FilmEncoder(shape)
    if forms.table is not None:
        made["table"] = TableEncoder(shape)
    return nn.ModuleDict(made)
