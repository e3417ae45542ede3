"""A generator of clips: what is seen stays, how it moves goes on, and every frame is painted from both.

The motion is a walk of codes from knot to knot, as in MoCoGAN (Tulyakov et al. 2018, arXiv:1707.04993), and continuous
in between, so that there is a frame at any time, as in StyleGAN-V (Skorokhodov et al. 2022, arXiv:2112.14683). As there
every layer of the painter is told both, by scaling its channels.
"""

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.gan.networks.shape import FIRST
from zaohua.gan.video.networks.shape import ClipShape

_SLOPE = 0.2  # of LeakyReLU below 0
_GAIN = (2 / (1 + _SLOPE**2)) ** 0.5  # keeps the size of signals through a LeakyReLU
_STYLE = 128  # numbers of the plan of a frame
_SHAKY = 0.3  # spread of the canvas's maps at the start, of half a side
_LOUDER = 3.0  # factor on the states of the walk, which lie within -1 … 1: no weaker than noise


class Walk(nn.Module):
    """manner [B, noise] of the whole clip and noise [B, K, noise] at its knots, times [B, k] -> motion codes
    [B, k, motion], straight from knot to knot."""

    def __init__(self, shape: ClipShape) -> None:
        super().__init__()
        classes = shape.picture.classes
        self.spacing = shape.spacing
        self.classes = nn.Embedding(classes, shape.noise) if classes else None
        known = shape.noise * (2 if classes else 1)
        self.start = nn.Linear(known, shape.motion)
        nn.init.normal_(self.start.weight, std=known**-0.5)
        nn.init.zeros_(self.start.bias)
        self.recurrent = nn.GRU(shape.noise + known, shape.motion, batch_first=True)

    def forward(self, manner: Tensor, noise: Tensor, times: Tensor, labels: Tensor) -> Tensor:
        if self.classes is not None:
            manner = torch.cat((manner, self.classes(labels)), 1)
        seen = torch.cat((noise, manner[:, None].expand(-1, noise.shape[1], -1)), 2)
        states, _ = self.recurrent(seen, torch.tanh(self.start(manner))[None])
        place = times / self.spacing
        before = place.long().clamp(0, states.shape[1] - 2)  # [B, k]
        share = (place - before)[..., None]
        width = states.shape[2]
        reached, following = (states.gather(1, (before + step)[..., None].expand(-1, -1, width)) for step in (0, 1))
        return torch.lerp(reached, following, share) * _LOUDER


class Modulated(nn.Module):
    """A 3×3 convolution whose input channels a style scales; what that does to the size of its outputs is undone, as in
    StyleGAN2 (Karras et al. 2020, arXiv:1912.04958). [B, C, H, W], [B, style] -> [B, C', H, W]"""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.scales = nn.Linear(_STYLE, inputs)
        nn.init.normal_(self.scales.weight, std=_STYLE**-0.5)
        nn.init.ones_(self.scales.bias)
        self.weight = nn.Parameter(torch.empty(outputs, inputs, 3, 3))
        nn.init.normal_(self.weight, std=(9 * inputs) ** -0.5)
        self.bias = nn.Parameter(torch.empty(outputs))
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        scales = self.scales(style)
        size = scales.square() @ self.weight.square().sum((2, 3)).t()  # [B, C'], the variance that comes out
        y = F.conv2d(x * scales[:, :, None, None], self.weight, padding=1)
        y = y * torch.rsqrt(size + 1e-8)[:, :, None, None] + self.bias[:, None, None]
        return F.leaky_relu(y, _SLOPE) * _GAIN


class Canvas(nn.Module):
    """style [N, style] -> waves [N, C, 4, 4] of all directions and lengths, seen through an affine map of the style's
    own: what is painted on them is moved, turned and made larger or smaller by it, as in StyleGAN3 (Karras et al. 2021,
    arXiv:2106.12423)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.map = nn.Linear(_STYLE, 6)  # matrix and shift, beside the identity
        nn.init.normal_(self.map.weight, std=_SHAKY * _STYLE**-0.5)
        nn.init.zeros_(self.map.bias)
        self.waves = nn.Parameter(torch.empty(channels, 2))  # radians in half a side, right and down
        nn.init.normal_(self.waves, std=math.pi)
        self.phases = nn.Parameter(torch.empty(channels))
        nn.init.uniform_(self.phases, -math.pi, math.pi)

    def forward(self, style: Tensor) -> Tensor:
        maps = self.map(style).view(-1, 2, 3) + torch.eye(2, 3, device=style.device)
        places = F.affine_grid(maps, [len(style), 1, FIRST, FIRST], align_corners=False)  # [N, 4, 4, 2]
        return torch.sin(places @ self.waves.t() + self.phases).permute(0, 3, 1, 2) * math.sqrt(2)


class Painter(nn.Module):
    """Codes [N, content + motion] and labels [N] -> frames [N, C, H, W], up octave by octave from a canvas that may
    move."""

    def __init__(self, shape: ClipShape) -> None:
        super().__init__()
        picture = shape.picture
        self.classes = nn.Embedding(picture.classes, shape.content) if picture.classes else None
        inputs = picture.latent + (shape.content if picture.classes else 0)
        self.plan = nn.ModuleList((nn.Linear(inputs, _STYLE), nn.Linear(_STYLE, _STYLE)))
        for layer in self.plan:
            assert isinstance(layer, nn.Linear)
            nn.init.kaiming_normal_(layer.weight, _SLOPE)
            nn.init.zeros_(layer.bias)
        widths = (picture.generator_widths[0], *picture.generator_widths)
        self.canvas = Canvas(widths[0])
        self.octaves = nn.ModuleList(Modulated(*pair) for pair in pairwise(widths))
        self.to_pixels = nn.Conv2d(widths[-1], picture.channels, 3, padding=1)
        nn.init.normal_(self.to_pixels.weight, std=(9 * widths[-1]) ** -0.5)

    def forward(self, codes: Tensor, labels: Tensor) -> Tensor:
        style = codes if self.classes is None else torch.cat((codes, self.classes(labels)), 1)
        for layer in self.plan:
            style = F.leaky_relu(layer(style), _SLOPE)
        x = self.canvas(style)
        for place, octave in enumerate(self.octaves):
            x = octave(F.interpolate(x, scale_factor=2.0, mode="nearest") if place else x, style)
        return self.to_pixels(x)


class ClipGenerator(nn.Module):
    """z [B, latent] and a condition [B, k + 1] -> frames [B, k, C, H, W], about -1 … 1."""

    def __init__(self, shape: ClipShape) -> None:
        super().__init__()
        self.content, self.noise = shape.content, shape.noise
        self.walk = Walk(shape)
        self.painter = Painter(shape)

    def forward(self, z: Tensor, condition: Tensor) -> Tensor:
        codes, labels = self.codes(z, condition)
        made = self.painter(codes.flatten(0, 1), labels.repeat_interleave(codes.shape[1]))
        return made.view(*codes.shape[:2], *made.shape[1:])

    def codes(self, z: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """What each frame is made from, [B, k, content + motion], and the class of each clip, int64 [B]."""
        times, labels = condition[:, :-1], condition[:, -1].long()
        drawn = z[:, self.content :].view(len(z), -1, self.noise)
        walked = self.walk(drawn[:, 0], drawn[:, 1:], times, labels)
        seen = z[:, None, : self.content].expand(-1, times.shape[1], -1)
        return torch.cat((seen, walked), 2), labels
