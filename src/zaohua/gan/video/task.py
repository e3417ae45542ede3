"""Learning to make clips like given ones, alone or by classes (seed §2.3): content and motion apart."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from zaohua.artifacts import Artifact, Image, Video
from zaohua.data.clip import CLIP_SHEET
from zaohua.data.clips import Clips, Windows, read_clips, write_clip_sheet
from zaohua.gan.adversarial import Batch
from zaohua.gan.augment import augment, flip
from zaohua.gan.images.pixels import to_floats
from zaohua.gan.task import AdversarialTask
from zaohua.gan.video.config import ClipRecipe
from zaohua.gan.video.folder import config_of
from zaohua.gan.video.measures import Measures
from zaohua.gan.video.model import VideoModel, page, strips
from zaohua.gan.video.networks.discriminator import ClipDiscriminator
from zaohua.gan.video.networks.generator import ClipGenerator
from zaohua.gan.video.networks.shape import ClipShape
from zaohua.i18n import t
from zaohua.nn.blank import filled
from zaohua.recipe import Section
from zaohua.seeding import uniform
from zaohua.training.parallel import Parallel
from zaohua.training.task import Draw, Weights

_MIRROR = {"discriminator": 9, "generator": 10}  # streams of randomness by phase
_TIMES = {"discriminator": 11, "generator": 12}


class VideoTask(AdversarialTask):
    """Frames of real clips in memory as bytes; every sample is a few of them with their times."""

    Recipe: ClassVar[type[Section]] = ClipRecipe
    best_metric: ClassVar[str] = "fd"
    unit: ClassVar[str] = "clips"
    channels_last: ClassVar[bool] = True

    def __init__(self, recipe: ClipRecipe) -> None:
        super().__init__(recipe.sized())
        self.clips: Clips
        self.measures: Measures
        self.shape: ClipShape
        self._visible = False
        self._real: tuple[Windows, Tensor | None] | None = None  # windows and labels where the networks are

    # ---- data and shape

    def prepare(self, parallel: Parallel, *, visible: bool) -> None:
        """Read the clips, say what was found, and leave a sheet of them in the run folder."""
        self._visible = visible
        self.clips = read_clips(self.recipe.data, self.recipe.train.seed, visible=visible)
        self.report = self.clips.report
        if parallel.main:
            write_clip_sheet(self.clips, Path(self.recipe.run.dir) / CLIP_SHEET)
        counts = {side: f"{count:,}" for side, count in self.report["clips"].items()}
        self.tell(t("clips.found", **counts, size=self.report["size"], fps=f"{self.clips.fps:g}"), visible=visible)
        self._take_shape(self.report["channels"], len(self.clips.classes))
        self.measures = Measures(self.clips, self.recipe.measure)
        self.measures.begin()
        self.settle(parallel, visible=visible)

    def _take_shape(self, channels: int, classes: int) -> None:
        self.shape = self.recipe.model.shape(self.recipe.data.frames, channels, classes)

    def usual_gamma(self) -> float:
        """4 at 32 px, and by the area elsewhere: with a quarter of it the clips of one class soon are one clip."""
        return 4 * (self.shape.picture.size / 32) ** 2

    def plan(self) -> dict[str, Any]:
        """See AdversarialTask. Colour and no classes where the data alone can tell."""
        channels = self.recipe.data.channels
        self._take_shape(3 if channels == "auto" else channels, 0)
        return super().plan()

    # ---- training

    def networks(self) -> dict[str, nn.Module]:
        """Generator and discriminator of the recipe's shape."""
        return {"generator": ClipGenerator(self.shape), "discriminator": ClipDiscriminator(self.shape)}

    @property
    def _latent(self) -> int:
        """Numbers that a clip is made from in training, the latest that is looked at."""
        return self.shape.latent(self.shape.drift + self.shape.length - 1)

    def example(self) -> Batch:
        """One black clip."""
        shape, looks = self.shape.picture, self.shape.looks
        frames = torch.zeros(1, looks, shape.channels, shape.size, shape.size)
        return Batch(frames, torch.zeros(1, looks + 1), torch.zeros(1, self._latent))

    def batch(self, phase: str, draw: Draw, device: torch.device) -> Batch:
        """Some frames of real clips, each place in an epoch once, and latent vectors under the same classes and for the
        same steps in time; the generated clips may have gone on for a while before."""
        if self._real is None:
            labels = self.clips.train_labels
            self._real = self.clips.train.to(device), None if labels is None else labels.to(device)
        windows, labels = self._real
        chosen = self.real_numbers(phase, draw, len(windows)).to(device)
        real, condition = self._looked_at(windows, labels, chosen, draw, phase)
        return Batch(real, condition, self.latents(phase, draw, self._latent))

    def held_out(self, draw: Draw, device: torch.device) -> tuple[Tensor, Tensor | None]:
        """Frames of clips that are not trained on, each place once before one comes again."""
        windows, labels = self.clips.validation, self.clips.validation_labels
        chosen = self.held_out_numbers(draw, len(windows))
        real, condition = self._looked_at(windows, labels, chosen, draw, "discriminator")
        return real.to(device), condition.to(device)

    def _looked_at(
        self, windows: Windows, labels: Tensor | None, chosen: Tensor, draw: Draw, phase: str
    ) -> tuple[Tensor, Tensor]:
        """Some frames of these windows, [b, k, C, H, W], and their condition."""
        device = chosen.device
        places = uniform(draw.keys(_TIMES[phase]).to(device), self.shape.length + 1)
        times = places[:, :-1].topk(self.shape.looks).indices.sort().values  # which frames, without one twice
        real = to_floats(windows.at(chosen, times))
        if self.recipe.data.flip:
            real = _framewise(flip, real, draw.keys(_MIRROR[phase]).to(device))
        after = torch.floor(places[:, -1:] * (self.shape.drift + 1))
        classes = torch.zeros_like(after) if labels is None else labels[chosen, None].float()
        return real, torch.cat((times + after, classes), 1)

    def distort(self, samples: Tensor, keys: Tensor, strength: float | Tensor) -> Tensor:
        """All frames of a clip moved alike and with the same hole, see zaohua.gan.augment."""
        return _framewise(augment, samples, keys, strength)

    # ---- evaluation

    def evaluate(self, modules: dict[str, nn.Module], parallel: Parallel) -> dict[str, float]:
        """See Measures.brief, of clips from latent vectors that stay the same."""
        model = VideoModel(modules["generator"], self.shape, self.clips.fps, self.clips.classes)
        return self.measures.brief(self._made(model, self.measures.count, parallel.device))

    def _made(self, model: VideoModel, count: int, device: torch.device) -> Tensor:
        """Clips to be measured, always from the same latent vectors: uint8 [count, T, C, H, W]"""
        labels = self.measures.labels(count)
        z = self.shown_latents(count, self.shape.latent(self.shape.length - 1), device)
        return model.clips(z, labels)

    # ---- results

    def _model(self, weights: Weights) -> VideoModel:
        """An unsharded model with these weights, on the CPU."""
        generator = filled(lambda: ClipGenerator(self.shape), weights["generator"])
        return VideoModel(generator, self.shape, self.clips.fps, self.clips.classes, name=self.recipe.run.dir)

    def sample(self, weights: Weights) -> Sequence[Artifact]:
        """Frames of some clips row by row, and the clips side by side as a film, always from the same latent vectors;
        the classes in turn."""
        count, classes = self.recipe.sample.clips, len(self.clips.classes)
        frames = self.recipe.sample.frames or 2 * self.shape.length
        z = self.shown_latents(count, self.shape.latent(frames - 1))
        labels = torch.arange(count) % classes if classes else None
        clips = self._model(weights).clips(z, labels, torch.arange(frames))
        about = {"model": self.recipe.run.dir, "seed": self.recipe.train.seed}
        shown = strips(clips[:, : self.shape.length])
        return [Image(pixels=shown, **about), Video(frames=page(clips), fps=self.clips.fps, **about)]

    def model_config(self) -> dict[str, Any]:
        """The shape, frames a second and the names of the classes."""
        return config_of(self.shape, self.clips.fps, self.clips.classes)

    def card_facts(self) -> dict[str, Any]:
        """Clips, and what such small networks cannot do."""
        size = self.shape.picture.size
        return {
            "pipeline": "text-to-video",
            "what": (
                f"Makes clips of {size}×{size} pixels and any length from noise; trained with zaohua.",
                f"由噪声生成 {size}×{size} 像素、任意长度的影片；用 zaohua 训练。",
            ),
            "use": 'import zaohua\nmodel = zaohua.load("path/to/this/folder")\n'
            'model.generate(4, seed=1, frames=48)[0].save("one.mp4")',
            "limits": [
                f"It learnt {self.shape.length} frames at a time: a longer clip goes on without a plan.",
                f"它每次只学习 {self.shape.length} 帧：更长的影片会自行延续，没有情节。",
                "It makes clips of one size, of the kind it was trained on, and takes no words but its classes.",
                "它只会生成与训练数据同类、尺寸固定的影片，除类别外不理解文字。",
            ],
        }

    def summary(self, weights: Weights) -> dict[str, Any]:
        """Sizes, and every measure of the finished model beside that of real clips."""
        model = self._model(weights)
        made = self._made(model, self.measures.final, torch.device("cpu"))
        return {"parameters": sum(self.parameters.values()), **self.measures.whole(made, visible=self._visible)}


def _framewise(change: Any, clips: Tensor, *arguments: Any) -> Tensor:
    """A change of pictures that does the same to all frames of a clip: their channels are those of one picture."""
    return change(clips.flatten(1, 2), *arguments).view(clips.shape)
