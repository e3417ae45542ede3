"""Learning to write pictures as 8 × 8 tokens, and to read them again."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from zaohua.artifacts import Image
from zaohua.data.picture import CONTACT_SHEET
from zaohua.data.pictures import Pictures, read_pictures, write_contact_sheet
from zaohua.data.pictures.pairs import pair_sheet
from zaohua.data.pictures.sheet import spread
from zaohua.gan.augment import flip
from zaohua.gan.images.pixels import to_floats
from zaohua.i18n import t
from zaohua.multimodal.tokenisers.images.config import ImageTokensRecipe
from zaohua.multimodal.tokenisers.images.folder import config_of
from zaohua.multimodal.tokenisers.images.measures import Measures
from zaohua.multimodal.tokenisers.images.model import ImageTokeniser
from zaohua.multimodal.tokenisers.images.network import ImageShape
from zaohua.multimodal.tokenisers.images.vary import varied
from zaohua.multimodal.tokenisers.task import TokeniserTask
from zaohua.recipe import Section
from zaohua.training.parallel import Parallel
from zaohua.training.task import Draw, Weights

_MIRROR, _VARY = {"discriminator": 9, "generator": 10}, {"discriminator": 11, "generator": 12}  # streams by phase
_USUAL_IMAGES = 200_000
_SHOWN = 32  # pictures on a sheet of samples


class ImageTokensTask(TokeniserTask):
    """Pictures in memory as bytes."""

    Recipe: ClassVar[type[Section]] = ImageTokensRecipe
    best_metric: ClassVar[str] = "fd"
    channels_last: ClassVar[bool] = True

    def __init__(self, recipe: ImageTokensRecipe) -> None:
        super().__init__(recipe)
        self.form: ImageShape
        self.pictures: Pictures
        self.measures: Measures

    # ---- data and shape

    def prepare(self, parallel: Parallel, *, visible: bool) -> None:
        """Read the pictures, say what was found, leave a sheet of them in the run folder, and open the judge."""
        self.pictures = read_pictures(self.recipe.data, self.recipe.train.seed, visible=visible)
        self.report = self.pictures.report
        if parallel.main:
            write_contact_sheet(self.pictures, Path(self.recipe.run.dir) / CONTACT_SHEET)
        counts = {side: f"{count:,}" for side, count in self.report["pictures"].items()}
        self.tell(t("gan.pictures", **counts, size=self.report["size"]), visible=visible)
        self._take_shape(self.report["channels"])
        self.measures = Measures(self.pictures, self.recipe.measure)
        self.settle(parallel, visible=visible)

    def _take_shape(self, channels: int) -> None:
        model = self.recipe.model
        self.form = ImageShape(channels, self.recipe.data.size, model.width, model.blocks, model.fine, model.levels)
        if self.recipe.train.open_ended:
            self._update("train", images=_USUAL_IMAGES)

    def plan(self) -> dict[str, Any]:
        """See AdversarialTask. Colour where the data alone can tell."""
        channels = self.recipe.data.channels
        self._take_shape(3 if channels == "auto" else channels)
        return super().plan()

    def blank(self) -> Tensor:
        """A grey one."""
        return torch.zeros(1, self.form.channels, self.form.size, self.form.size)

    def originals(self, phase: str, draw: Draw, device: torch.device) -> Tensor:
        """Pictures to learn from, each once in an epoch, mirrored if that is as good, moved and recoloured."""
        chosen = self.real_numbers(phase, draw, len(self.pictures.train))
        x = to_floats(self.pictures.train[chosen].to(device))
        if self.recipe.data.flip:
            x = flip(x, draw.keys(_MIRROR[phase]))
        vary = self.recipe.vary
        x = varied(x, draw.keys(_VARY[phase]), shift=vary.shift, colours=vary.colours)
        return x.contiguous(memory_format=torch.channels_last)

    # ---- evaluation and results

    def evaluate(self, modules: dict[str, Any], parallel: Parallel) -> dict[str, float]:
        """Held-out pictures through their tokens, see zaohua.multimodal.tokenisers.images.measures."""
        return self.measures.brief(ImageTokeniser(modules["generator"], self.form, self._look()))

    def _look(self) -> dict[str, Any]:
        data = self.recipe.data
        return {"fit": data.fit, "background": list(data.background), "credit": self.report.get("credit", "")}

    def _model(self, weights: Weights) -> ImageTokeniser:
        return ImageTokeniser(self.restored(weights), self.form, self._look(), name=Path(self.recipe.run.dir).name)

    def sample(self, weights: Weights) -> list[Image]:
        """A sheet of held-out pictures, each beside what its tokens say."""
        model, held = self._model(weights), self.pictures.validation
        shown = held[torch.as_tensor(spread(None, len(held), _SHOWN))]
        rows = list(zip(shown.numpy(), model.decode(model.encode(shown)).numpy(), strict=True))
        pixels = np.asarray(pair_sheet(rows, self.report["credit"]))
        return [Image(pixels=pixels, model=model.name, seed=self.recipe.train.seed)]

    def model_config(self) -> dict[str, Any]:
        """The shape, and how pictures are made square."""
        return config_of(self.form, self._look())

    def card_facts(self) -> dict[str, Any]:
        """For the card."""
        return {
            "what": (
                "Writes a picture as 8 × 8 whole numbers, and reads them again; trained with zaohua.",
                "把一张图片写成 8 × 8 个整数，并能还原；用 zaohua 训练。",
            ),
            "use": 'import zaohua\n\nmodel = zaohua.load("FOLDER")\nids = model.encode(model.pixels("picture.png"))\n'
            'pictures = model.decode(ids)  # uint8 [1, C, S, S]\nmodel.copy("picture.png").save("again.png")',
            "limits": [
                "It knows pictures like those it learnt from; of others little may be left. Fine lines suffer first. "
                "它只熟悉与训练数据相似的图片，其他图片可能失真；细线最先受损。",
            ],
            "pipeline": "image-to-image",
        }

    def summary(self, weights: Weights) -> dict[str, Any]:
        """Sizes, what as many bits give without a network, the judge, and psnr and codes of what was learnt from."""
        model = self._model(weights)
        return {
            "parameters": sum(self.parameters.values()),
            "baselines": self.measures.baselines(model.codes),
            "extractor": self.measures.extractor,
            "learnt": self.measures.learnt(model),
        }
