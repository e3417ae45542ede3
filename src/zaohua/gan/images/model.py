"""A generator of pictures ready to use: single pictures, grids, films from one to the next, and the way back."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from zaohua.artifacts import Image, Video
from zaohua.data.clips.config import FASTEST
from zaohua.data.pictures.fit import flat
from zaohua.errors import UsageError
from zaohua.gan.drawing import draw
from zaohua.gan.folder import save_gan
from zaohua.gan.images.folder import config_of, load_images
from zaohua.gan.images.pixels import enlarged, grid, to_bytes
from zaohua.gan.networks.shape import Shape
from zaohua.i18n import t
from zaohua.machine import usual_device
from zaohua.model_folder.files import read_card

_SLOWEST = 0.1  # frames a second of a film
_MOST_FRAMES = 10_000
_AT_ONCE = 64  # pictures in a pass
_FILM_SIDE = 256  # pixels that the frames of a film are enlarged to


class ImageModel:
    """Makes pictures from noise. classes: the names that `label` may take; shape: of its networks."""

    kind = "picture"

    def __init__(
        self,
        generator: nn.Module,
        shape: Shape,
        classes: Sequence[str] = (),
        *,
        name: str = "",
        card: str | None = None,
    ) -> None:
        self.generator, self.shape, self.classes, self.name, self.card = generator, shape, tuple(classes), name, card

    @classmethod
    def load(cls, folder: Path | str, *, name: str | None = None, device: torch.device | str | None = None) -> Self:
        """Open a model folder on `device`: a CUDA GPU if there is one, else the CPU."""
        folder = Path(folder)
        generator, shape, classes = load_images(folder)
        name = folder.resolve().name if name is None else name
        return cls(generator.to(usual_device(device)), shape, classes, name=name, card=read_card(folder))

    def save(self, folder: Path | str) -> None:
        """Write the folder, whole or not at all."""
        config = config_of(self.shape, self.classes)
        save_gan(Path(folder), config, {"generator": self.generator.state_dict()}, self.card)

    # ---- pictures

    def generate(
        self, n: int = 1, *, seed: int = 0, label: str | int | None = None, truncation: float = 1.0
    ) -> list[Image]:
        """n pictures; the same seed gives the same ones, the first n of any larger number.

        label: name or number of the class of all of them; None: drawn evenly. truncation: 1 has the whole variety,
        smaller values are more typical and more alike. Raises UsageError for a value out of range.
        """
        z, labels = self.draw(n, seed=seed, label=label, truncation=truncation)
        made = self.pictures(z, labels).permute(0, 2, 3, 1).numpy()
        prompts = [""] * n if labels is None else [self.classes[number] for number in labels.tolist()]
        return [
            Image(pixels=pixels, prompt=prompt, model=self.name, seed=seed, index=index)
            for index, (pixels, prompt) in enumerate(zip(made, prompts, strict=True))
        ]

    def grid(self, n: int = 64, *, seed: int = 0, label: str | int | None = None, truncation: float = 1.0) -> Image:
        """n pictures as one; of all classes, a column each, if there are few and none is asked for."""
        z, labels = self.draw(n, seed=seed, label=label, truncation=truncation)
        columns = grid_columns(n, 0 if label is not None else len(self.classes))
        if labels is not None and label is None:
            labels = laid_out(n, len(self.classes)).to(labels.device)
        pixels = grid(self.pictures(z, labels), columns)
        return Image(pixels=pixels, prompt="" if label is None else str(label), model=self.name, seed=seed)

    def interpolate(
        self,
        stops: int = 8,
        *,
        seconds: float = 8.0,
        fps: float = 24.0,
        seed: int = 0,
        label: str | int | None = None,
        truncation: float = 1.0,
    ) -> Video:
        """A film from picture to picture, `stops` of them, and back to the first. Between two, latent vectors go along
        the arc and classes are mixed. Raises UsageError for a value out of range."""
        if not _SLOWEST <= fps <= FASTEST:
            raise UsageError(t("video.fps_out_of_range", least=f"{_SLOWEST:g}", most=f"{FASTEST:g}", value=fps))
        frames = round(seconds * fps) if math.isfinite(seconds * fps) else 0
        if stops < 2 or not stops <= frames <= _MOST_FRAMES:
            raise UsageError(t("gan.film_out_of_range", most=_MOST_FRAMES, stops=stops, frames=frames))
        z, labels = self.draw(stops, seed=seed, label=label, truncation=truncation)
        place = torch.arange(frames, device=z.device) * stops / frames
        start, share = place.long(), (place % 1)[:, None]
        end = (start + 1) % stops
        mixed = None
        if labels is not None:
            shares = nn.functional.one_hot(labels, len(self.classes)).float()
            mixed = torch.lerp(shares[start], shares[end], share)
        made = self.pictures(along_arc(z[start], z[end], share), mixed).permute(0, 2, 3, 1).numpy()
        pixels = enlarged(flat(made, (255, 255, 255)), _FILM_SIDE)
        film = np.ascontiguousarray(pixels if pixels.shape[3] == 3 else pixels.repeat(3, axis=3))
        return Video(frames=film, fps=fps, model=self.name, seed=seed)

    # ---- latent vectors

    def draw(
        self, n: int, *, seed: int = 0, label: str | int | None = None, truncation: float = 1.0
    ) -> tuple[Tensor, Tensor | None]:
        """Latent vectors float32 [n, latent] and the numbers of their classes int64 [n], None without; see
        zaohua.gan.drawing."""
        device = next(self.generator.parameters()).device
        size, classes = self.shape.latent, self.classes
        return draw(n, size, classes, seed=seed, label=label, truncation=truncation, device=device, name=self.name)

    @torch.inference_mode()
    def pictures(
        self, z: Tensor, labels: Tensor | None = None, on_progress: Callable[[int], None] = lambda done: None
    ) -> Tensor:
        """Latent vectors [n, latent], and classes int64 [n] or mixtures float32 [n, classes], as pictures on the CPU:
        uint8 [n, C, H, W]"""
        made, labels = [], None if labels is None else labels.to(z.device)
        for start in range(0, len(z), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            made.append(to_bytes(self.generator(z[part], None if labels is None else labels[part])).cpu())
            on_progress(min(start + _AT_ONCE, len(z)))
        return torch.cat(made)


def along_arc(a: Tensor, b: Tensor, share: Tensor) -> Tensor:
    """From a (share 0) to b (1) at the pace of the angle between them, keeping the length that such vectors have
    (Shoemake 1985, "slerp"). [N, D], [N, D], [N, 1]"""
    cosine = nn.functional.cosine_similarity(a, b, dim=1)[:, None].clamp(-0.9995, 0.9995)
    angle = torch.acos(cosine)
    return (torch.sin((1 - share) * angle) * a + torch.sin(share * angle) * b) / torch.sin(angle)


def grid_columns(count: int, classes: int) -> int:
    """Columns of a grid: one for each class where there are 2 to 16 of them, else about as many as rows."""
    return classes if 2 <= classes <= 16 else max(1, math.isqrt(count - 1) + 1)


def laid_out(count: int, classes: int) -> Tensor:
    """Classes of a grid's pictures, each in its own column as far as there are columns: int64 [count]"""
    return torch.arange(count) % classes
