"""Learning to make sounds like given ones, alone or by classes (seed §2.3)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from zaohua.artifacts import Audio
from zaohua.data.sound import SOUND_SHEET
from zaohua.data.sounds import Sounds, read_sounds, write_sound_sheet
from zaohua.gan.adversarial import Batch
from zaohua.gan.networks.shape import Shape, shape
from zaohua.gan.networks.waves import WaveShape, wave_shape
from zaohua.gan.sounds.config import SoundRecipe
from zaohua.gan.sounds.distort import distort
from zaohua.gan.sounds.folder import config_of
from zaohua.gan.sounds.forms import (
    Form,
    SpectrumForm,
    WaveForm,
    discriminator_of,
    generator_of,
    spectrum_form,
    stacked,
)
from zaohua.gan.sounds.measures import Measures
from zaohua.gan.sounds.model import SoundModel
from zaohua.gan.task import AdversarialTask
from zaohua.i18n import t
from zaohua.nn.blank import filled
from zaohua.recipe import Section
from zaohua.training.parallel import Parallel
from zaohua.training.task import Draw, Weights

_RATE = 16_000  # assumed where only the data would tell


class SoundTask(AdversarialTask):
    """One generator and one discriminator, of spectra or of waves, by class where there are classes."""

    Recipe: ClassVar[type[Section]] = SoundRecipe
    best_metric: ClassVar[str] = "fd"
    channels_last: ClassVar[bool] = True
    unit: ClassVar[str] = "sounds"

    def __init__(self, recipe: SoundRecipe) -> None:
        super().__init__(recipe)
        self.sounds: Sounds
        self.measures: Measures
        self.form: Form
        self.shape: Shape | WaveShape
        self._real: tuple[Tensor, Tensor | None] | None = None  # as the networks see them, where the networks are

    # ---- data and shape

    def prepare(self, parallel: Parallel, *, visible: bool) -> None:
        """Read the sounds, say what was found, leave a sheet of them in the run folder, and bring them into the
        networks' form."""
        self.sounds = read_sounds(self.recipe.data, self.recipe.train.seed, visible=visible)
        self.report = self.sounds.report
        if parallel.main:
            write_sound_sheet(self.sounds, Path(self.recipe.run.dir) / SOUND_SHEET)
        counts = {side: f"{count:,}" for side, count in self.report["sounds"].items()}
        self.tell(t("sounds.found", **counts, rate=self.sounds.rate), visible=visible)
        rate = self.sounds.rate
        length = self._length(rate)
        if self.recipe.model.form == "wave":
            self._take_shape(WaveForm(rate, length), len(self.sounds.classes))
        else:
            waves = stacked(self.sounds.train, length)
            self._take_shape(spectrum_form(waves, rate, self.recipe.model.size), len(self.sounds.classes))
        self.measures = Measures(self.sounds, self.form, self.recipe.measure)
        self.settle(parallel, visible=visible)

    def _length(self, rate: int) -> int:
        """Samples of a sound, which the moments of a spectrum share evenly."""
        size = self.recipe.model.size
        return -(-round(self.recipe.data.seconds * rate) // size) * size

    def _take_shape(self, form: Form, classes: int) -> None:
        model = self.recipe.model
        self.form = form
        given = {
            "classes": classes,
            "latent": model.latent,
            "generator_width": model.generator_width,
            "discriminator_width": model.discriminator_width,
        }
        if isinstance(form, SpectrumForm):
            self.shape = shape(model.network, form.points, form.channels, blocks=model.blocks, **given)
        else:
            self.shape = wave_shape(form.length, **given)

    def plan(self) -> dict[str, Any]:
        """See AdversarialTask. 16,000 samples a second and no classes where the data alone can tell."""
        data, model = self.recipe.data, self.recipe.model
        rate = _RATE if data.rate == "auto" else data.rate
        length = self._length(rate)
        form = WaveForm(rate, length) if model.form == "wave" else SpectrumForm(rate, length, model.size, 1.0)
        self._take_shape(form, 0)
        return super().plan()

    # ---- training

    def networks(self) -> dict[str, nn.Module]:
        """Generator and discriminator of the recipe's shape."""
        return {"generator": generator_of(self.shape), "discriminator": discriminator_of(self.shape)}

    def usual_gamma(self) -> float:
        """By how many numbers a sample has: 8 for a spectrum of 64 × 64."""
        return self.form.blank().numel() / 512

    def example(self) -> Batch:
        """One silent sound."""
        label = torch.zeros(1, dtype=torch.long) if self.shape.classes else None
        return Batch(self.form.blank()[None], label, torch.zeros(1, self.shape.latent))

    def batch(self, phase: str, draw: Draw, device: torch.device) -> Batch:
        """Real sounds, each once in an epoch, and latent vectors under the same classes."""
        if self._real is None:
            labels = self.sounds.train_labels
            self._real = self.measures.train.to(device), None if labels is None else labels.to(device)
        sounds, labels = self._real
        chosen = self.real_numbers(phase, draw, len(sounds)).to(device)
        condition = None if labels is None else labels[chosen]
        return Batch(sounds[chosen], condition, self.latents(phase, draw, self.shape.latent))

    def held_out(self, draw: Draw, device: torch.device) -> tuple[Tensor, Tensor | None]:
        """Sounds that are not trained on, each once before one comes again."""
        sounds, labels = self.measures.held_out, self.sounds.validation_labels
        chosen = self.held_out_numbers(draw, len(sounds))
        return sounds[chosen].to(device), None if labels is None else labels[chosen].to(device)

    def distort(self, samples: Tensor, keys: Tensor, strength: float | Tensor) -> Tensor:
        """Moved in time, with gaps; see zaohua.gan.sounds.distort."""
        return distort(samples, keys, strength, self.form.blank().to(samples))

    # ---- evaluation

    def evaluate(self, modules: dict[str, nn.Module], parallel: Parallel) -> dict[str, float]:
        """The distance of sounds from latent vectors that stay the same; see Measures.brief."""
        model = SoundModel(modules["generator"], self.shape, self.form, self.sounds.classes)
        count = self.recipe.measure.samples
        return self.measures.brief(self._made(model, self.measures.labels(count), count, parallel.device))

    def _made(self, model: SoundModel, labels: Tensor | None, count: int, device: torch.device) -> Tensor:
        """Sounds of these classes, always from the same latent vectors; see zaohua.gan.sounds.forms.Form."""
        return model.samples(self.shown_latents(count, self.shape.latent, device), labels)

    # ---- results

    def _model(self, weights: Weights) -> SoundModel:
        """An unsharded model with these weights, on the CPU."""
        generator = filled(lambda: generator_of(self.shape), weights["generator"])
        return SoundModel(generator, self.shape, self.form, self.sounds.classes, name=self.recipe.run.dir)

    def sample(self, weights: Weights) -> Sequence[Audio]:
        """Some sounds, always from the same latent vectors, the classes in turn."""
        model = self._model(weights)
        count = self.recipe.sample.sounds
        labels = torch.arange(count) % len(model.classes) if model.classes else None
        samples = self._made(model, labels, count, torch.device("cpu"))
        about = {"rate": model.rate, "model": model.name, "seed": self.recipe.train.seed}
        prompts = [""] * len(samples) if labels is None else [model.classes[number] for number in labels.tolist()]
        return [
            Audio(samples=wave, prompt=prompt, index=index, **about)
            for index, (wave, prompt) in enumerate(zip(model.waves(samples), prompts, strict=True))
        ]

    def model_config(self) -> dict[str, Any]:
        """The shape, the form and the names of the classes."""
        return config_of(self.shape, self.form, self.sounds.classes)

    def card_facts(self) -> dict[str, Any]:
        """Sounds, and what such small networks cannot do."""
        seconds = f"{self.form.length / self.form.rate:.3g}"
        return {
            "pipeline": "text-to-audio",
            "what": (
                f"Makes sounds of {seconds} s at {self.form.rate} Hz from noise; trained with zaohua.",
                f"由噪声生成时长 {seconds} 秒、采样率 {self.form.rate} Hz 的声音；用 zaohua 训练。",
            ),
            "use": 'import zaohua\nmodel = zaohua.load("path/to/this/folder")\n'
            'model.generate(4, seed=1)[0].save("one.wav")',
            "limits": [
                "It makes sounds of one length, of the kind it was trained on, and takes no words but its classes.",
                "它只会生成与训练数据同类、时长固定的声音，除类别外不理解文字。",
            ],
        }

    def summary(self, weights: Weights) -> dict[str, Any]:
        """Sizes, and every measure of the finished model beside that of real sounds."""
        model = self._model(weights)
        count = self.recipe.measure.final
        labels = self.measures.labels(count)
        samples = self._made(model, labels, count, torch.device("cpu"))
        return {"parameters": sum(self.parameters.values()), **self.measures.whole(model, samples, labels)}
