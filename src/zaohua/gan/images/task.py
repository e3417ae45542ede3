"""Learning to make pictures like given ones, alone or by classes (seed §3.2)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from zaohua.artifacts import Image
from zaohua.data.picture import CONTACT_SHEET, NEAREST
from zaohua.data.pictures import Pictures, read_pictures, write_contact_sheet
from zaohua.gan.adversarial import Batch
from zaohua.gan.augment import augment, flip
from zaohua.gan.images.config import ImageRecipe
from zaohua.gan.images.folder import config_of
from zaohua.gan.images.measures import Measures
from zaohua.gan.images.model import ImageModel, grid_columns, laid_out
from zaohua.gan.images.pixels import grid, to_floats
from zaohua.gan.networks.shape import Shape, build_discriminator, build_generator
from zaohua.gan.task import AdversarialTask
from zaohua.i18n import t
from zaohua.nn.blank import filled
from zaohua.recipe import Section
from zaohua.training.parallel import Parallel
from zaohua.training.task import Draw, Weights

_MIRROR = {"discriminator": 9, "generator": 10}  # streams of randomness by phase


class ImageTask(AdversarialTask):
    """Convolutional networks; the real pictures in memory as bytes."""

    Recipe: ClassVar[type[Section]] = ImageRecipe
    best_metric: ClassVar[str] = "fd"
    channels_last: ClassVar[bool] = True

    def __init__(self, recipe: ImageRecipe) -> None:
        super().__init__(recipe.sized())
        self.pictures: Pictures
        self.measures: Measures
        self.shape: Shape
        self._visible = False
        self._real: tuple[Tensor, Tensor | None] | None = None  # pictures and labels where the networks are

    # ---- data and shape

    def prepare(self, parallel: Parallel, *, visible: bool) -> None:
        """Read the pictures, say what was found, and leave a sheet of them in the run folder."""
        self._visible = visible
        self.pictures = read_pictures(self.recipe.data, self.recipe.train.seed, visible=visible)
        self.report = self.pictures.report
        if parallel.main:
            write_contact_sheet(self.pictures, Path(self.recipe.run.dir) / CONTACT_SHEET)
        counts = {side: f"{count:,}" for side, count in self.report["pictures"].items()}
        self.tell(t("gan.pictures", **counts, size=self.report["size"]), visible=visible)
        self._take_shape(self.report["channels"], len(self.pictures.classes))
        self.measures = Measures(self.pictures, self.recipe.measure)
        self.measures.begin(visible=visible)
        self.settle(parallel, visible=visible)

    def _take_shape(self, channels: int, classes: int) -> None:
        self.shape = self.recipe.model.shape(channels, classes)

    def usual_gamma(self) -> float:
        """By the area, up from 8 at 32 px, where with an eighth of it digits of one class soon are one digit, and from
        2 at 64 px: with 32 faces hardly showed where with 2 they were there."""
        size = self.shape.size
        return 8 * (size / 32) ** 2 if size < 64 else 2 * (size / 64) ** 2

    def plan(self) -> dict[str, Any]:
        """See AdversarialTask. Colour and no classes where the data alone can tell."""
        channels = self.recipe.data.channels
        self._take_shape(3 if channels == "auto" else channels, 0)
        return super().plan()

    # ---- training

    def networks(self) -> dict[str, nn.Module]:
        """Generator and discriminator of the recipe's shape."""
        return {"generator": build_generator(self.shape), "discriminator": build_discriminator(self.shape)}

    def example(self) -> Batch:
        """One black picture."""
        label = torch.zeros(1, dtype=torch.long) if self.shape.classes else None
        side = self.shape.size
        return Batch(torch.zeros(1, self.shape.channels, side, side), label, torch.zeros(1, self.shape.latent))

    def batch(self, phase: str, draw: Draw, device: torch.device) -> Batch:
        """Real pictures, each once in an epoch, and latent vectors under the same classes."""
        if self._real is None:
            labels = self.pictures.train_labels
            self._real = self.pictures.train.to(device), None if labels is None else labels.to(device)
        pictures, labels = self._real
        chosen = self.real_numbers(phase, draw, len(pictures)).to(device)
        real = to_floats(pictures[chosen])
        if self.recipe.data.flip:
            real = flip(real, draw.keys(_MIRROR[phase]))
        condition = None if labels is None else labels[chosen]
        return Batch(real, condition, self.latents(phase, draw, self.shape.latent))

    def held_out(self, draw: Draw, device: torch.device) -> tuple[Tensor, Tensor | None]:
        """Pictures that are not trained on, each once before one comes again."""
        pictures, labels = self.pictures.validation, self.pictures.validation_labels
        chosen = self.held_out_numbers(draw, len(pictures))
        real = to_floats(pictures[chosen].to(device))
        if self.recipe.data.flip:
            real = flip(real, draw.keys(_MIRROR["discriminator"]))
        return real, None if labels is None else labels[chosen].to(device)

    def distort(self, samples: Tensor, keys: Tensor, strength: float | Tensor) -> Tensor:
        """Moved and with a hole, see zaohua.gan.augment."""
        return augment(samples, keys, strength)

    # ---- evaluation

    def evaluate(self, modules: dict[str, nn.Module], parallel: Parallel) -> dict[str, float]:
        """Measures.brief of pictures from latent vectors that stay the same all through the run."""
        model = ImageModel(modules["generator"], self.shape, self.pictures.classes)
        return self.measures.brief(self._made(model, self.measures.count, parallel.device))

    def _made(self, model: ImageModel, count: int, device: torch.device) -> Tensor:
        """Pictures to be measured, always from the same latent vectors: uint8 [count, C, H, W]"""
        labels = self.measures.labels(count)
        z = self.shown_latents(count, self.shape.latent, device)
        return model.pictures(z, None if labels is None else labels.to(device))

    # ---- results

    def _model(self, weights: Weights) -> ImageModel:
        """An unsharded model with these weights, on the CPU."""
        generator = filled(lambda: build_generator(self.shape), weights["generator"])
        return ImageModel(generator, self.shape, self.pictures.classes, name=self.recipe.run.dir)

    def sample(self, weights: Weights) -> Sequence[Image]:
        """One grid, always from the same latent vectors; a column for each class."""
        count, classes = self.recipe.sample.pictures, len(self.pictures.classes)
        z = self.shown_latents(count, self.shape.latent)
        pixels = self._model(weights).pictures(z, laid_out(count, classes) if classes else None)
        page = grid(pixels, grid_columns(count, classes))
        return [Image(pixels=page, model=self.recipe.run.dir, seed=self.recipe.train.seed)]

    def model_config(self) -> dict[str, Any]:
        """The shape and the names of the classes."""
        return config_of(self.shape, self.pictures.classes)

    def card_facts(self) -> dict[str, Any]:
        """Pictures, and what such small networks cannot do."""
        return {
            "what": (
                f"Makes pictures of {self.shape.size}×{self.shape.size} pixels from noise; trained with zaohua.",
                f"由噪声生成 {self.shape.size}×{self.shape.size} 像素的图片；用 zaohua 训练。",
            ),
            "use": 'import zaohua\nmodel = zaohua.load("path/to/this/folder")\n'
            'model.generate(4, seed=1)[0].save("one.png")\nmodel.grid(64).save("grid.png")',
            "limits": [
                "It makes pictures of one size, of the kind it was trained on, and takes no words.",
                "它只会生成与训练数据同类、尺寸固定的图片，不理解文字。",
            ],
        }

    def summary(self, weights: Weights) -> dict[str, Any]:
        """Sizes, and every measure of the finished model beside the floor of real pictures. nearest.png shows those it
        made that lie nearest to pictures it was trained on, above these."""
        model = self._model(weights)
        made = self._made(model, self.measures.final, torch.device("cpu"))
        found = self.measures.whole(made, self.measures.labels(self.measures.final), visible=self._visible)
        pairs = found["scores"]["nearest"]
        beside = [made[[pair["sample"] for pair in pairs]], self.pictures.train[[pair["training"] for pair in pairs]]]
        sheet = Image(pixels=grid(torch.cat(beside), len(pairs)), model=self.recipe.run.dir)
        sheet.save(Path(self.recipe.run.dir) / NEAREST)
        return {"parameters": sum(self.parameters.values()), **found}
