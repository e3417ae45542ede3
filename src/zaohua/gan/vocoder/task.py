"""Learning to turn spectrograms into sound (seed §3.2, §4.2)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from zaohua.artifacts import Audio
from zaohua.data.sound import SOUND_SHEET
from zaohua.data.sounds import Sounds, read_sounds, write_sound_sheet
from zaohua.errors import ZaohuaError
from zaohua.gan.adversarial import Batch, Duel
from zaohua.gan.config import AugmentConfig
from zaohua.gan.task import AdversarialTask
from zaohua.gan.vocoder.config import VocoderRecipe
from zaohua.gan.vocoder.discriminators import Discriminators
from zaohua.gan.vocoder.duel import VocoderDuel
from zaohua.gan.vocoder.folder import config_of
from zaohua.gan.vocoder.generator import Generator, VocoderShape
from zaohua.gan.vocoder.measures import copies, distances, heard
from zaohua.gan.vocoder.segments import Segments
from zaohua.i18n import t
from zaohua.nn.blank import filled
from zaohua.recipe import Section
from zaohua.training.parallel import Parallel
from zaohua.training.task import Draw, Weights

_SEGMENTS = {"discriminator": 1, "generator": 2}  # streams of randomness by phase
_SHOWN = 3
_USUAL_RATE = 16_000


class VocoderTask(AdversarialTask):
    """Clips in memory with their spectrograms; the generator's loss holds it to the real sound too."""

    Recipe: ClassVar[type[Section]] = VocoderRecipe
    best_metric: ClassVar[str] = "fd"
    unit: ClassVar[str] = "sounds"

    def __init__(self, recipe: VocoderRecipe) -> None:
        super().__init__(recipe)
        self.sounds: Sounds
        self.shape: VocoderShape
        self._segments: Segments
        self._heard: list[Tensor] = []  # clips that evaluations copy

    # ---- data and shape

    def prepare(self, parallel: Parallel, *, visible: bool) -> None:
        """Read the sounds, say what was found, and leave a sheet of their spectra in the run folder."""
        self.sounds = read_sounds(self.recipe.data, self.recipe.train.seed, visible=visible)
        self.report = self.sounds.report
        if parallel.main:
            write_sound_sheet(self.sounds, Path(self.recipe.run.dir) / SOUND_SHEET)
        seconds = {side: sum(map(len, clips)) / self.sounds.rate for side, clips in self._sides().items()}
        summed = {side: f"{value:,.0f}" for side, value in seconds.items()}
        self.tell(t("vocoder.sounds", rate=self.sounds.rate, **summed), visible=visible)
        self._take_shape(self.sounds.rate)
        self._segments = Segments(self.sounds.train, self.shape.mel, self.recipe.train.frames)
        self._heard = heard(self.sounds.validation, self.sounds.rate)
        if sum(map(len, self._heard)) <= self.shape.mel.hop:  # of one frame there is no spread
            both = len(self.sounds.train) + len(self.sounds.validation)
            raise ZaohuaError(t("sounds.too_few", count=both, source=self.recipe.data.source))
        self.settle(parallel, visible=visible)

    def _sides(self) -> dict[str, list[Tensor]]:
        return {"train": self.sounds.train, "validation": self.sounds.validation}

    def _take_shape(self, rate: int) -> None:
        """For sounds of this rate; what the recipe leaves open is settled in it."""
        mel = self.recipe.mel.at(rate)
        given = {name: getattr(mel, name) for name in ("n_fft", "bands", "high")}
        self._update("mel", **given)
        model = self.recipe.model
        self.shape = VocoderShape(mel, model.width, model.layers, model.rounds)

    def usual_gamma(self) -> float:
        """1 for each sample of a hundredth of a second: slopes are summed over all samples of a segment."""
        return self.recipe.train.frames * self.shape.mel.hop / (self.shape.mel.rate / 100)

    def plan(self) -> dict[str, Any]:
        """See AdversarialTask. 16 kHz where the data alone can tell."""
        rate = self.recipe.data.rate
        self._take_shape(_USUAL_RATE if rate == "auto" else rate)
        return super().plan()

    # ---- training

    def networks(self) -> dict[str, nn.Module]:
        """Generator and discriminators of the recipe's shape."""
        discriminators = Discriminators(self.shape.mel.n_fft, self.recipe.model.discriminators)
        return {"generator": Generator(self.shape), "discriminator": discriminators}

    def example(self) -> Batch:
        """One silent segment."""
        frames, mel = self.recipe.train.frames, self.shape.mel
        return Batch(torch.zeros(1, frames * mel.hop), None, torch.zeros(1, mel.bands, frames))

    def batch(self, phase: str, draw: Draw, device: torch.device) -> Batch:
        """Segments with their spectrograms."""
        mels, waves = self._segments.draw(draw.keys(_SEGMENTS[phase]))
        return Batch(waves, None, mels)

    def duel(self, modules: dict[str, nn.Module]) -> Duel:
        """See VocoderDuel."""
        recipe = self.recipe
        return VocoderDuel(
            modules["generator"],
            modules["discriminator"],
            regulariser=recipe.regulariser,
            augment=AugmentConfig(),
            gamma=recipe.regulariser.gamma,
            distort=self.distort,
            loss=recipe.loss,
            mel=self.shape.mel,
        )

    def distort(self, samples: Tensor, keys: Tensor, strength: float | Tensor) -> Tensor:
        """Not at all: a distorted sound has another spectrogram."""
        return samples

    def flops_per_step(self) -> float:
        """As in any duel, and the discriminators' look at the real sound, whose layers the generator is to match."""
        looks = 0 if self.recipe.loss.kind == "relativistic" else self._seen()[1].flops
        return super().flops_per_step() + self.batch_size * looks

    # ---- evaluation and results

    def evaluate(self, modules: dict[str, nn.Module], parallel: Parallel) -> dict[str, float]:
        """The distances of held-out clips from their copies; every rank makes all of them."""
        clips = [clip.to(parallel.device) for clip in self._heard]
        return distances(clips, copies(clips, modules["generator"], self.shape.mel), self.shape.mel)

    def sample(self, weights: Weights) -> Sequence[Audio]:
        """Copies of a few held-out clips."""
        clips = self._heard[:_SHOWN]
        made = copies(clips, filled(lambda: Generator(self.shape), weights["generator"]), self.shape.mel)
        facts = {"rate": self.shape.mel.rate, "model": self.recipe.run.dir}
        named = zip(self.sounds.validation_names, made, strict=False)
        return [Audio(samples=copy.numpy(), prompt=name, **facts) for name, copy in named]

    def summary(self, weights: Weights) -> dict[str, Any]:
        """Sizes, and the distances that it began with."""
        made = copies(self._heard, Generator(self.shape).eval(), self.shape.mel)
        baselines = {"first_guess": distances(self._heard, made, self.shape.mel)}
        return {"parameters": sum(self.parameters.values()), "baselines": baselines}

    def model_config(self) -> dict[str, Any]:
        """The shape."""
        return config_of(self.shape)

    def card_facts(self) -> dict[str, Any]:
        """Sound, and of what kind."""
        mel = self.shape.mel
        return {
            "what": (
                f"Turns log-mel spectrograms of {mel.bands} bands into sound of {mel.rate} Hz; trained with zaohua.",
                f"把 {mel.bands} 个频带的对数梅尔谱变成 {mel.rate} Hz 的声音；用 zaohua 训练。",
            ),
            "use": 'import zaohua\nmodel = zaohua.load("path/to/this/folder")\n'
            "wave = model.wave(mel)  # float32 [bands, T] -> [T × hop]\n"
            'model.copy("speech.wav").save("copy.wav")',
            "limits": [
                "It renders voices and sounds like those it was trained on; others may sound rough.",
                "它擅长与训练数据相近的声音，其他声音可能粗糙。",
            ],
            "pipeline": "audio-to-audio",
        }
