"""A generator of clips ready to use."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from zaohua.artifacts import Video
from zaohua.data.clips.config import FASTEST
from zaohua.errors import UsageError
from zaohua.gan.drawing import draw
from zaohua.gan.folder import save_gan
from zaohua.gan.images.pixels import enlarged, grid, to_bytes
from zaohua.gan.video.folder import config_of, load_clips
from zaohua.gan.video.networks.shape import ClipShape
from zaohua.i18n import t
from zaohua.machine import usual_device
from zaohua.model_folder.files import read_card

MOST_FRAMES = 10_000  # of all clips of one call
_SLOWEST = 0.01  # of the rate it was trained at: what lies between two frames is walked through all the same
_AT_ONCE = 64  # frames in a pass
_SIDE = 256  # pixels that small frames are enlarged to


class VideoModel:
    """Makes clips from noise. classes: the names that `label` may take; shape: of its networks; fps: frames a second
    that it was trained at."""

    kind = "video"

    def __init__(
        self,
        generator: nn.Module,
        shape: ClipShape,
        fps: float,
        classes: Sequence[str] = (),
        *,
        name: str = "",
        card: str | None = None,
    ) -> None:
        self.generator: Any = generator  # a ClipGenerator, perhaps as the trainer wraps it
        self.shape, self.fps, self.classes = shape, fps, tuple(classes)
        self.name, self.card = name, card

    @classmethod
    def load(cls, folder: Path | str, *, name: str | None = None, device: torch.device | str | None = None) -> Self:
        """Open a model folder on `device`: a CUDA GPU if there is one, else the CPU."""
        folder = Path(folder)
        generator, shape, fps, classes = load_clips(folder)
        name = folder.resolve().name if name is None else name
        return cls(generator.to(usual_device(device)), shape, fps, classes, name=name, card=read_card(folder))

    def save(self, folder: Path | str) -> None:
        """Write the folder, whole or not at all."""
        config = config_of(self.shape, self.fps, self.classes)
        save_gan(Path(folder), config, {"generator": self.generator.state_dict()}, self.card)

    def generate(
        self,
        n: int = 1,
        *,
        seed: int = 0,
        label: str | int | None = None,
        truncation: float = 1.0,
        frames: int | None = None,
        fps: float | None = None,
    ) -> list[Video]:
        """n clips, enlarged to about 256 pixels; the same seed gives the same ones, the first n of any larger number,
        and a longer clip begins as a shorter one.

        label: name or number of the class of all of them; None: drawn evenly. truncation: of what is seen, 1 has the
        whole variety. frames: of each clip, as many as it was trained on if left out. fps: frames a second of the film;
        another rate than the trained one shows the same motion more finely or coarsely, at its own pace. Raises
        UsageError for a value out of range.
        """
        frames, fps = self.shape.length if frames is None else frames, self.fps if fps is None else fps
        if not 1 <= frames * max(n, 1) <= MOST_FRAMES:
            raise UsageError(t("video.frames_out_of_range", most=MOST_FRAMES, value=frames * n))
        slowest = _SLOWEST * self.fps
        if not slowest <= fps <= FASTEST:
            raise UsageError(t("video.fps_out_of_range", least=f"{slowest:.3g}", most=f"{FASTEST:g}", value=fps))
        times = torch.arange(frames) * (self.fps / fps)
        z, labels = self.draw(n, seed=seed, label=label, truncation=truncation, until=times[-1].item())
        prompts = [""] * n if labels is None else [self.classes[number] for number in labels.tolist()]
        return [
            Video(frames=film(clip), fps=fps, prompt=prompt, model=self.name, seed=seed, index=index)
            for index, (clip, prompt) in enumerate(zip(self.clips(z, labels, times), prompts, strict=True))
        ]

    def draw(
        self,
        n: int,
        *,
        seed: int = 0,
        label: str | int | None = None,
        truncation: float = 1.0,
        until: float | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """Latent vectors of clips up to the time `until` (in frames of training; as long as in training if left out)
        and the numbers of their classes; see zaohua.gan.drawing. Only the content is truncated."""
        device = next(self.generator.parameters()).device
        size = self.shape.latent(self.shape.length - 1 if until is None else until)
        z, labels = draw(n, size, self.classes, seed=seed, label=label, device=device, name=self.name)
        if not 0 <= truncation <= 1:
            raise UsageError(t("gan.truncation_out_of_range", value=truncation))
        z[:, : self.shape.content] *= truncation
        return z, labels

    @torch.inference_mode()
    def clips(
        self,
        z: Tensor,
        labels: Tensor | None = None,
        times: Tensor | None = None,
        on_progress: Callable[[int], None] = lambda done: None,
    ) -> Tensor:
        """Latent vectors [n, latent] as clips on the CPU, uint8 [n, T, C, H, W], at these times [T] of each, or at
        those of the training. on_progress: called with the frames made."""
        device = next(self.generator.parameters()).device
        times = torch.arange(self.shape.length) if times is None else times
        classes = torch.zeros(len(z), 1, device=device) if labels is None else labels[:, None].to(device).float()
        condition = torch.cat((times.to(device, torch.float32).expand(len(z), -1), classes), 1)
        codes, numbers = self.generator.codes(z, condition)
        codes, numbers = codes.flatten(0, 1), numbers.repeat_interleave(len(times))
        made = []
        for start in range(0, len(codes), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            made.append(to_bytes(self.generator.painter(codes[part], numbers[part])).cpu())
            on_progress(min(start + _AT_ONCE, len(codes)))
        frames = torch.cat(made)
        return frames.view(len(z), len(times), *frames.shape[1:])


def film(clip: Tensor) -> np.ndarray:
    """A clip as people look at it: large, in colours. uint8 [T, C, H, W] -> uint8 [T, H', W', 3]"""
    return coloured(enlarged(clip.permute(0, 2, 3, 1).numpy(), _SIDE))


def coloured(frames: np.ndarray) -> np.ndarray:
    """uint8 [..., 1 or 3] -> [..., 3]"""
    return np.ascontiguousarray(frames if frames.shape[-1] == 3 else frames.repeat(3, axis=-1))


def page(clips: Tensor) -> np.ndarray:
    """Clips side by side as one, in about as many rows as columns. uint8 [n, T, C, H, W] -> uint8 [T, H', W', 3]"""
    columns = math.isqrt(len(clips) - 1) + 1
    return coloured(np.stack([grid(frames, columns) for frames in clips.transpose(0, 1)]))


def strips(clips: Tensor, columns: int = 8) -> np.ndarray:
    """A row of up to `columns` frames for each clip. uint8 [n, T, C, H, W] -> uint8 [H', W', 3]"""
    times = torch.linspace(0, clips.shape[1] - 1, min(columns, clips.shape[1])).round().long()
    return coloured(grid(clips[:, times].flatten(0, 1), len(times)))
