"""The way back: the latent vector whose picture comes nearest to a given one."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from zaohua.artifacts import Image
from zaohua.errors import UsageError
from zaohua.gan.images.model import ImageModel
from zaohua.gan.images.pixels import to_bytes, to_floats
from zaohua.i18n import t
from zaohua.judges import perceptual
from zaohua.judges.extractor import Extractor

_TRIED = 512  # latent vectors of which the nearest are begun with
_AT_ONCE = 64
_PIXELS = 4.0  # weight of the mean squared difference of pixels, in -1 … 1, beside the perceptual distance
_USUAL = 0.01  # weight of the wish that a latent vector be about as long as those of training
_RATE = 0.1


@dataclass(frozen=True)
class Projection:
    """image: what the model makes of `latent`, float32 [latent], and the class `label`.

    perceptual, pixels: its distance from the picture, in features, and as the root of the mean squared difference of
    pixels from 0 … 1.
    """

    image: Image
    latent: Tensor
    label: str
    perceptual: float
    pixels: float


class _Unlikeness:
    """How far pictures float [N, C, H, W] lie from the target [1, C, H, W]; all in -1 … 1."""

    def __init__(self, target: Tensor, extractor: Extractor) -> None:
        self._target, self._extractor = target, extractor
        self._features = self._seen(target)

    def _seen(self, x: Tensor) -> list[Tensor]:
        return perceptual.features((x + 1) * 127.5, self._extractor)

    def parts(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """In features, and the mean squared difference of pixels: [N] each."""
        x = x.clamp(-1, 1)
        return perceptual.distance(self._seen(x), self._features), (x - self._target).square().flatten(1).mean(1)

    def total(self, x: Tensor) -> Tensor:
        """Both, weighed: [N]"""
        features, pixels = self.parts(x)
        return features + _PIXELS * pixels


def project(
    model: ImageModel,
    picture: Tensor,
    extractor: Extractor,
    *,
    starts: int = 4,
    steps: int = 200,
    seed: int = 0,
    on_progress: Callable[[int], None] = lambda done: None,
) -> Projection:
    """Search for a picture uint8 [C, H, W] of the model's size and channels.

    The nearest of 512 random pictures, of all classes, are begun with, `starts` of them; Adam then moves their latent
    vectors. extractor: EfficientNet, whose features and the pixels together say how near. Raises UsageError for a
    picture of another shape and numbers out of range.
    """
    wanted = (model.shape.channels, model.shape.size, model.shape.size)
    if tuple(picture.shape) != wanted:
        raise UsageError(
            t("gan.other_shape", found="×".join(map(str, picture.shape)), wanted="×".join(map(str, wanted)))
        )
    if starts < 1 or steps < 1:
        raise UsageError(t("gan.no_search", starts=starts, steps=steps))
    unlike = _Unlikeness(to_floats(picture[None].to(next(model.generator.parameters()).device)), extractor)
    z, labels = model.draw(_TRIED, seed=seed)
    with torch.no_grad():
        parts = [slice(start, start + _AT_ONCE) for start in range(0, _TRIED, _AT_ONCE)]
        made = [unlike.total(model.generator(z[part], None if labels is None else labels[part])) for part in parts]
        chosen = torch.cat(made).argsort()[:starts]
    z, labels = z[chosen].clone().requires_grad_(), None if labels is None else labels[chosen]
    optimiser = torch.optim.Adam([z], lr=_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for step in range(steps):
        length = (z.square().mean(1) - 1).square()
        loss = (unlike.total(model.generator(z, labels)) + _USUAL * length).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        on_progress(step + 1)
    with torch.no_grad():
        x = model.generator(z, labels)
        best = int(unlike.total(x).argmin())
        features, squares = (value[best].item() for value in unlike.parts(x))
    label = "" if labels is None else model.classes[int(labels[best])]
    image = Image(pixels=to_bytes(x[best : best + 1])[0].permute(1, 2, 0).cpu().numpy(), model=model.name, seed=seed)
    return Projection(image, z[best].detach().cpu(), label, features, squares**0.5 / 2)
