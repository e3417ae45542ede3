"""Learning to turn one kind of picture into another, as a task of the trainer."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import model_validator
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from zaohua.artifacts import Image
from zaohua.data.order import sample_numbers
from zaohua.data.picture import CONTACT_SHEET
from zaohua.data.pictures.pairs import PairConfig, Pairs, pair_sheet, read_pairs, write_pair_sheet
from zaohua.errors import UsageError
from zaohua.gan.adversarial import Batch, Duel
from zaohua.gan.config import AugmentConfig, RegulariserConfig
from zaohua.gan.costs import Network, look_at
from zaohua.gan.task import AdversarialTask
from zaohua.gan.translation.config import (
    MeasureConfig,
    TranslationLossConfig,
    TranslationModelConfig,
    TranslationTrainConfig,
)
from zaohua.gan.translation.cutting import as_numbers, cut
from zaohua.gan.translation.losses import l1
from zaohua.gan.translation.measure import Judge, translate_all
from zaohua.gan.translation.methods import networks, rules
from zaohua.gan.translation.shape import MODEL_TYPE, Shape, shape_for
from zaohua.i18n import t
from zaohua.judges.extractor import Extractor, family, open_extractor, untrained
from zaohua.judges.perceptual import features
from zaohua.nn.blank import Blank
from zaohua.recipe import Section
from zaohua.training import optimisers
from zaohua.training.config import RunConfig
from zaohua.training.parallel import Parallel
from zaohua.training.task import Draw, Phase, Weights

_CUT, _OTHER_CUT = 0, 1  # streams of randomness, each twice: one for each phase
_OTHERS = 0x5EED  # turns the seed into another one, for targets that are no partners
_USUAL_IMAGES = 200_000
_SHOWN = 12  # pairs on a sheet of samples
_EXTRA = {"contrastive": 2, "cycle": 2}  # passes of a generator beside that of the duel
_LOOKS = 3  # at what was made, back to it, and at the target


class TranslationRecipe(Section):
    """The whole recipe of `task = "gan-translate"`."""

    task: Literal["gan-translate"]
    data: PairConfig
    model: TranslationModelConfig = TranslationModelConfig()
    loss: TranslationLossConfig = TranslationLossConfig()
    regulariser: RegulariserConfig = RegulariserConfig()
    train: TranslationTrainConfig = TranslationTrainConfig()
    measure: MeasureConfig = MeasureConfig()
    run: RunConfig

    @model_validator(mode="after")
    def _fits(self) -> "TranslationRecipe":
        side, layers = self.data.crop or self.data.size, self.model.discriminator_layers
        if self.model.method != "l1" and side >> layers == 0:
            most = side.bit_length() - 1
            raise ValueError(f"model.discriminator_layers = {layers}: {side} pixels can be halved {most} times at most")
        loss = self.loss
        if loss.begin and self.model.method in ("cycle", "contrastive"):
            raise ValueError(f"loss.begin: with model.method = {self.model.method} there is nothing to learn before")
        if self.has_eye and family(loss.eye) == family(self.measure.extractor):
            raise ValueError(f"loss.eye = {loss.eye}: as measure.extractor it would judge its own pupil")
        return self

    @property
    def has_eye(self) -> bool:
        """Whether a classifier has a say in the loss."""
        return self.model.method == "paired" and self.loss.perceptual > 0


class TranslationTask(AdversarialTask):
    """A generator from picture to picture, by one of four methods."""

    Recipe: ClassVar[type[Section]] = TranslationRecipe
    best_metric: ClassVar[str] = "fd"

    def __init__(self, recipe: TranslationRecipe) -> None:
        super().__init__(recipe)
        self.pairs: Pairs
        self.shape: Shape
        self.judge: Judge
        self._eye: Extractor | None = None

    # ---- data and shape

    def prepare(self, parallel: Parallel, *, visible: bool) -> None:
        """Read the pictures, draw a sheet of them, open the judge, and settle shape and schedule."""
        data, model = self.recipe.data, self.recipe.model
        if model.has_pairs and not data.paired:
            raise UsageError(t("translate.method_needs_pairs", method=model.method))
        if model.method == "cycle" and self.recipe.loss.pool and parallel.world > 1:
            raise UsageError(t("translate.pool_needs_one_process"))
        extractor = open_extractor(self.recipe.measure.extractor)  # missed before the training, not after it
        self._eye = open_extractor(self.recipe.loss.eye) if self.recipe.has_eye else None
        self.pairs = read_pairs(data, self.recipe.train.seed, alike=not model.has_pairs, visible=visible)
        self.judge = Judge(self.pairs, extractor, self.recipe.measure.most)
        self.report = self.pairs.report
        if parallel.main:
            write_pair_sheet(self.pairs, Path(self.recipe.run.dir) / CONTACT_SHEET)
        counts = {side: f"{count:,}" for side, count in self.report["pictures"].items()}
        self.tell(t("gan.pictures", **counts, size=self.report["size"]), visible=visible)
        self.settle(parallel, visible=visible)

    def settle(self, parallel: Parallel | None = None, *, visible: bool = False) -> None:
        """Also the shape, and how long to train where the recipe does not say."""
        data = self.recipe.data
        given = self.report.get("input_channels", data.input_channels), self.report.get("channels", data.channels)
        inputs, outputs = (3 if channels == "auto" else channels for channels in given)
        self.shape = shape_for(self.recipe.model, inputs, outputs, self.side)
        if self.recipe.train.open_ended:
            self._update("train", images=_USUAL_IMAGES)
        super().settle(parallel, visible=visible)

    @property
    def side(self) -> int:
        """Of the squares that are trained on, in pixels."""
        return self.recipe.data.crop or self.recipe.data.size

    def networks(self) -> dict[str, nn.Module]:
        """Those of the method."""
        return networks(self.recipe.model, self.recipe.loss, self.shape, self.side, self.batch_size)

    def usual_gamma(self) -> float:
        """16 where a score looks at 32 × 32 pixels, in proportion to what it looks at; over the number of scores, whose
        slopes a penalty adds up. A sixteenth of that lets coloured noise into flat areas."""
        layers = self.recipe.model.discriminator_layers
        seen, scores = 4 * 2**layers, max(1, self.side >> layers) ** 2
        return 16 * (seen / 32) ** 2 / scores

    # ---- training

    def batch(self, phase: str, draw: Draw, device: torch.device) -> Batch:
        """Pieces of pairs, or of an input and of a target that have nothing to do with each other."""
        side, repeats = self.pairs.train, self.recipe.train.discriminator_steps
        position = draw.step * (repeats + 1) + (repeats if phase == "generator" else draw.repeat)

        def numbers(seed: int, count: int) -> Tensor:
            drawn = sample_numbers(seed, position, self.batch_size, count)
            return torch.from_numpy(drawn)[draw.indices]

        together = self.recipe.model.has_pairs
        chosen = numbers(draw.seed, len(side.inputs))
        others = chosen if together else numbers(draw.seed ^ _OTHERS, len(side.targets))
        inputs = self._pieces(side.inputs[chosen], draw, phase, _CUT, device)
        targets = self._pieces(side.targets[others], draw, phase, _CUT if together else _OTHER_CUT, device)
        return Batch(targets, inputs if self.recipe.model.method == "paired" else None, inputs)

    def _pieces(self, pictures: Tensor, draw: Draw, phase: str, stream: int, device: torch.device) -> Tensor:
        keys = draw.keys(2 * stream + (phase == "generator")).cpu()
        return as_numbers(cut(pictures, keys, self.side, flip=self.recipe.data.flip).to(device))

    def distort(self, samples: Tensor, keys: Tensor, strength: float | Tensor) -> Tensor:
        """Not at all: a discriminator that is given the input would see what was done to only one of the two."""
        return samples

    def duel(self, modules: dict[str, nn.Module]) -> Duel:
        """The rules of the method."""
        recipe = self.recipe
        duel = Duel(
            modules["generator"],
            modules["discriminator"],
            recipe.loss,
            recipe.regulariser,
            AugmentConfig(strength=0.0),
            gamma=recipe.regulariser.gamma,
            distort=self.distort,
        )
        return rules(duel, modules, recipe.model.method, recipe.loss, self._eye)

    def phases(self, modules: dict[str, nn.Module], device: torch.device) -> Sequence[Phase]:
        """The discriminator's and the generator's; with L1 alone the generator's."""
        if self._eye is not None:
            self._eye.module.to(device)
        if self.recipe.model.method != "l1":
            return super().phases(modules, device)
        generator = modules["generator"]

        def loss(batch: Batch, draw: Draw) -> tuple[Tensor, dict[str, Tensor]]:
            return l1(generator(batch.latent), batch.real), {}

        optimiser = optimisers.build(dict(generator.named_parameters()), self.recipe.train)
        return [
            Phase("generator", loss, optimiser, lambda draw: self.batch("generator", draw, device), self.batch_size)
        ]

    # ---- costs

    def example(self) -> Batch:
        """One pair of black pictures."""
        made_from, made = (torch.zeros(1, n, self.side, self.side) for n in (self.shape.inputs, self.shape.outputs))
        return Batch(made, made_from if self.recipe.model.method == "paired" else None, made_from)

    def units_per_step(self) -> dict[str, int]:
        """Targets that are looked at."""
        alone = self.recipe.model.method == "l1"
        return {self.unit: self.batch_size * (1 if alone else self.recipe.train.discriminator_steps)}

    def flops_per_step(self) -> float:
        """Forward and backward over the global batch, and what a method takes beside the duel; a pass back or on costs
        as much as one there."""
        method, loss, (generator, discriminator) = self.recipe.model.method, self.recipe.loss, self._seen()
        alone = self.batch_size * 3 * generator.flops
        if method == "l1":
            return float(alone)
        if method == "paired":
            known_by = self.batch_size * _LOOKS * discriminator.flops * (loss.features > 0)
            looks = self.batch_size * _LOOKS * self._look
            return loss.begin * alone + (1 - loss.begin) * (super().flops_per_step() + known_by) + looks
        return (super().flops_per_step() + alone * _EXTRA[method]) * (2 if method == "cycle" else 1)

    @cached_property
    def _look(self) -> int:
        """Operations of the eye's look at one picture."""
        if not self.recipe.has_eye:
            return 0
        with Blank():
            eye = untrained(self.recipe.loss.eye)
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            features(torch.zeros(1, self.shape.outputs, self.side, self.side), eye)
        return counter.get_total_flops()

    def _seen(self) -> tuple[Network, Network]:
        if self.recipe.model.method == "l1" and self._costs is None:
            self._costs = look_at(self.build()["generator"], self.example().latent)[0], Network(0, 0, 0)
        return super()._seen()

    # ---- evaluation and results

    def evaluate(self, modules: dict[str, nn.Module], parallel: Parallel) -> dict[str, float]:
        """Held-out inputs, translated, beside held-out targets: see zaohua.gan.translation.measure.Judge."""
        return self.judge.translated(modules["generator"])

    def _restored(self, weights: Weights, name: str) -> nn.Module:
        with Blank():
            network = (self.shape if name == "generator" else self.shape.turned).build()
        network.load_state_dict({key: tensor.cpu() for key, tensor in weights[name].items()}, assign=True)
        return network.eval()

    def sample(self, weights: Weights) -> list[Image]:
        """A sheet: held-out inputs, what became of them, and what they should be if that is known; with a way back the
        same of targets."""
        side = self.pairs.validation
        inputs = side.inputs[_some(side.inputs)]
        groups = [inputs, translate_all(self._restored(weights, "generator"), inputs)]
        if self.pairs.paired:
            groups.append(side.targets[_some(side.targets)])
        found = [self._sheet(groups)]
        if "back" in weights:
            targets = side.targets[_some(side.targets)]
            found.append(self._sheet([targets, translate_all(self._restored(weights, "back"), targets)]))
        return found

    def _sheet(self, groups: Sequence[Tensor]) -> Image:
        rows = list(zip(*(kind.numpy() for kind in groups), strict=True))
        pixels = np.asarray(pair_sheet(rows, self.report["credit"]))
        return Image(pixels=pixels, model=Path(self.recipe.run.dir).name, seed=self.recipe.train.seed)

    def model_config(self) -> dict[str, Any]:
        """The shape, the method, and how inputs were made."""
        data, method = self.recipe.data, self.recipe.model.method
        return {
            "model_type": MODEL_TYPE,
            "architectures": ["ZaohuaTranslator"],
            **self.shape.as_config(),
            "method": method,
            "back": method == "cycle",
            "side": self.side,
            "input": data.input if data.is_derived else "source",
            "background": list(data.background),
            "credit": self.report["credit"],
        }

    def save_model(self, folder: Path, weights: Weights, metrics: dict[str, Any], cost: dict[str, Any]) -> None:
        """The averaged generator, and the way back if there is one; the discriminators' work is done."""
        kept = {name: state for name, state in weights.items() if name in ("generator", "back")}
        super().save_model(folder, kept, metrics, cost)

    def card_facts(self) -> dict[str, Any]:
        """For the card."""
        return {
            "what": (
                "Turns one kind of picture into another, at any size.",
                "把一类图片转换成另一类图片，尺寸不限。",
            ),
            "use": 'import zaohua\n\nmodel = zaohua.load("FOLDER")\nmodel.translate("input.png").save("output.png")',
            "limits": [
                "It knows pictures like those it learnt from, at about their size: others come out odd. "
                "它只熟悉与训练数据相似、尺寸相近的图片，其他图片可能效果不佳。",
            ],
            "pipeline": "image-to-image",
        }

    def summary(self, weights: Weights) -> dict[str, Any]:
        """The same measures of the input as it is and of real pictures; sizes; the extractor."""
        return {
            "baselines": self.judge.baselines(),
            "extractor": self.judge.extractor.name,
            "parameters": sum(self.parameters.values()),
        }


def _some(pictures: Tensor) -> Tensor:
    """Numbers of those to show, evenly through all: of pairs the same of either kind."""
    return torch.linspace(0, len(pictures) - 1, min(len(pictures), _SHOWN)).round().long()
