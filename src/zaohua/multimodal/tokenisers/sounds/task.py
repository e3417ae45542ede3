"""Learning to write sounds as tokens, and to read them again."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from zaohua.artifacts import Audio
from zaohua.data.sound import SOUND_SHEET
from zaohua.data.sounds import Sounds, read_sounds, write_sound_sheet
from zaohua.errors import UsageError
from zaohua.gan.vocoder.model import VocoderModel
from zaohua.gan.vocoder.segments import Segments
from zaohua.i18n import t
from zaohua.multimodal.tokenisers.sounds.config import SoundTokensRecipe
from zaohua.multimodal.tokenisers.sounds.folder import VOCODER, config_of
from zaohua.multimodal.tokenisers.sounds.measures import Measures
from zaohua.multimodal.tokenisers.sounds.model import SoundTokeniser
from zaohua.multimodal.tokenisers.sounds.network import SoundShape
from zaohua.multimodal.tokenisers.task import TokeniserTask
from zaohua.nn.mel import MelConfig
from zaohua.recipe import Section
from zaohua.training.parallel import Parallel
from zaohua.training.task import Draw, Weights

_SEGMENTS = {"discriminator": 1, "generator": 2}  # streams of randomness by phase
_SHOWN = 3
_USUAL_RATE, _USUAL_LOUDEST, _USUAL_SOUNDS = 16_000, 0.0, 200_000


class SoundTokensTask(TokeniserTask):
    """Clips in memory with their spectrograms, of which the networks see segments."""

    Recipe: ClassVar[type[Section]] = SoundTokensRecipe
    best_metric: ClassVar[str] = "mel_distance"
    unit: ClassVar[str] = "sounds"

    def __init__(self, recipe: SoundTokensRecipe) -> None:
        super().__init__(recipe)
        self.form: SoundShape
        self.sounds: Sounds
        self.measures: Measures
        self.vocoder: VocoderModel | None = None
        self._segments: Segments

    # ---- data and shape

    def prepare(self, parallel: Parallel, *, visible: bool) -> None:
        """Read the sounds, say what was found, and leave a sheet of their spectra in the run folder."""
        rate = self._open_vocoder()
        data = self.recipe.data if rate is None else self.recipe.data.model_copy(update={"rate": rate})
        self.sounds = read_sounds(data, self.recipe.train.seed, visible=visible)
        self.report = self.sounds.report
        if parallel.main:
            write_sound_sheet(self.sounds, Path(self.recipe.run.dir) / SOUND_SHEET)
        sides = {"train": self.sounds.train, "validation": self.sounds.validation}
        seconds = {side: f"{sum(map(len, clips)) / self.sounds.rate:,.0f}" for side, clips in sides.items()}
        self.tell(t("vocoder.sounds", rate=self.sounds.rate, **seconds), visible=visible)
        mel = self._mel(self.sounds.rate)
        self._segments = Segments(self.sounds.train, mel, self.recipe.train.frames)
        self._take_shape(mel, max(float(bands.max()) for bands in self._segments.mels))
        self.measures = Measures(self.sounds, self.recipe.measure)
        self.settle(parallel, visible=visible)

    def _open_vocoder(self) -> int | None:
        """Open the vocoder that the recipe names, if it names one; its rate. UsageError for data at another."""
        if self.recipe.model.vocoder is None:
            return None
        self.vocoder = VocoderModel.load(self.recipe.model.vocoder, device="cpu")
        if self.recipe.data.rate not in ("auto", self.vocoder.rate):
            raise UsageError(t("tokenise.other_rate", rate=self.recipe.data.rate, wanted=self.vocoder.rate))
        return self.vocoder.rate

    def _mel(self, rate: int) -> MelConfig:
        """The vocoder's, or what the recipe says; what that leaves open is settled in it."""
        if self.vocoder is not None:
            return self.vocoder.mel_config
        mel = self.recipe.mel.at(rate)
        self._update("mel", **{name: getattr(mel, name) for name in ("n_fft", "bands", "high")})
        return mel

    def _take_shape(self, mel: MelConfig, loudest: float) -> None:
        model = self.recipe.model
        self.form = SoundShape(mel, loudest, model.frames, model.width, model.blocks, model.levels)
        if self.recipe.train.open_ended:
            self._update("train", sounds=_USUAL_SOUNDS)

    def plan(self) -> dict[str, Any]:
        """See AdversarialTask. 16 kHz where the data alone can tell."""
        rate = self._open_vocoder() or (_USUAL_RATE if self.recipe.data.rate == "auto" else self.recipe.data.rate)
        self._take_shape(self._mel(rate), _USUAL_LOUDEST)
        return super().plan()

    def blank(self) -> Tensor:
        """A segment at half the loudness."""
        return torch.zeros(1, 1, self.form.mel.bands, self.recipe.train.frames)

    def originals(self, phase: str, draw: Draw, device: torch.device) -> Tensor:
        """Spectrograms of segments that begin anywhere."""
        mels, _ = self._segments.draw(draw.keys(_SEGMENTS[phase]))
        return self.form.seen(mels)

    # ---- evaluation and results

    def evaluate(self, modules: dict[str, nn.Module], parallel: Parallel) -> dict[str, float]:
        """How far spectrograms of held-out clips are from what their tokens say; every rank looks at all of them."""
        return self.measures.brief(SoundTokeniser(modules["generator"], self.form))  # type: ignore[arg-type]

    def _model(self, weights: Weights) -> SoundTokeniser:
        return SoundTokeniser(self.restored(weights), self.form, self.vocoder, name=Path(self.recipe.run.dir).name)

    def sample(self, weights: Weights) -> Sequence[Audio]:
        """A few held-out clips through their tokens."""
        model, found = self._model(weights), []
        for name, clip in list(zip(self.measures.names, self.measures.clips, strict=True))[:_SHOWN]:
            made = model.decode(model.encode(clip[None], self.sounds.rate))[0, : len(clip)]
            found.append(Audio(samples=made.numpy(), rate=model.rate, model=model.name, prompt=name))
        return found

    def model_config(self) -> dict[str, Any]:
        """The shape."""
        return config_of(self.form)

    def save_model(self, folder: Path, weights: Weights, metrics: dict[str, Any], cost: dict[str, Any]) -> None:
        """The averaged autoencoder, and in its folder the vocoder's if there is one."""
        super().save_model(folder, weights, metrics, cost)
        if self.vocoder is not None:
            self.vocoder.save(folder / VOCODER)

    def card_facts(self) -> dict[str, Any]:
        """For the card."""
        rate, each = self.form.mel.rate, self.form.mel.rate / (self.form.frames * self.form.mel.hop)
        return {
            "what": (
                f"Writes sound of {rate} Hz as {each:.1f} whole numbers a second, and reads them again; "
                "trained with zaohua.",
                f"把 {rate} Hz 的声音写成每秒 {each:.1f} 个整数，并能还原；用 zaohua 训练。",
            ),
            "use": 'import zaohua\n\nmodel = zaohua.load("FOLDER")\nids = model.encode(waves, rate)  # float32 [B, T]'
            ' -> int64 [B, L]\nwaves = model.decode(ids)\nmodel.copy("speech.wav").save("again.wav")',
            "limits": [
                "It knows voices and sounds like those it learnt from; of others little may be left. "
                "它只熟悉与训练数据相近的声音，其他声音可能失真。",
            ],
            "pipeline": "audio-to-audio",
        }

    def summary(self, weights: Weights) -> dict[str, Any]:
        """Sizes, what one spectrum all the time would score, and as "waves" every measure of the sound itself."""
        model = self._model(weights)
        return {
            "parameters": sum(self.parameters.values()),
            "baselines": {"one_spectrum": self.measures.one_spectrum(model)},
            "waves": self.measures.whole(model),
        }
