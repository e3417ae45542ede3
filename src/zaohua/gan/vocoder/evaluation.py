"""Measuring a vocoder: copies of recordings beside the recordings, and beside copies made without one."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from zaohua import recipe as recipes
from zaohua.data.sounds import SoundConfig, read_sounds
from zaohua.errors import UsageError, ZaohuaError
from zaohua.gan.evaluation import SEED, recipe_of_run
from zaohua.gan.vocoder.config import VocoderRecipe
from zaohua.gan.vocoder.folder import load_vocoder
from zaohua.gan.vocoder.generator import Generator
from zaohua.gan.vocoder.measures import copies, distances, heard, spectrum_fd, untrained
from zaohua.i18n import t
from zaohua.judges.dnsmos import NAME, dnsmos
from zaohua.machine import usual_device
from zaohua.nn.mel import MelConfig, log_mel
from zaohua.training.monitor import say


def evaluate_folder(
    folder: Path, source: str | None, column: str | None = None, *, visible: bool = True
) -> dict[str, Any]:
    """Distances, DNSMOS and speed of a vocoder on held-out clips.

    source: other sounds, split as the run's would be; left out: those of the run that the folder lies in. Returns
    "metrics" of the vocoder, and under "baselines" those of its "first_guess" before training, of Griffin and Lim's
    method with more rounds, and the scores of the "real" clips themselves. Without the judge's library or network its
    scores are left out, with a line that says why. Raises ZaohuaError where there are no sounds to measure on.
    """
    if column is not None:
        raise UsageError(t("vocoder.no_column"))
    generator = load_vocoder(folder).to(usual_device(None))
    mel = generator.shape.mel
    config, seed = _data(folder, source)
    sounds = read_sounds(config.model_copy(update={"rate": mel.rate}), seed, visible=visible)
    clips = heard(sounds.validation, mel.rate)
    found = measured(generator, clips, heard(sounds.train, mel.rate), visible=visible)
    seconds = round(sum(map(len, clips)) / mel.rate, 1)
    return {**found, "clips": len(clips), "seconds": seconds, "data": [config.source]}


def measured(
    generator: Generator, clips: Sequence[Tensor], others: Sequence[Tensor], *, visible: bool = False
) -> dict[str, Any]:
    """ "metrics" and "baselines" of copies of these clips, float32 [T] each at the generator's rate. others: further
    recordings, whose "fd" is that of real sound."""
    mel, device = generator.shape.mel, next(generator.parameters()).device
    clips = [clip.to(device) for clip in clips]
    made = {
        "vocoder": copies(clips, generator, mel),
        "first_guess": copies(clips, Generator(generator.shape).eval().to(device), mel),
        "griffin_lim": copies(clips, lambda bands: untrained(bands, mel), mel),
    }
    scores = {name: distances(clips, waves, mel) for name, waves in made.items()} | {
        "real": {"fd": spectrum_fd(clips, others, mel)}
    }
    try:
        for name, waves in (made | {"real": clips}).items():
            judged = dnsmos([wave.cpu().numpy() for wave in waves], mel.rate)
            scores[name] |= {f"dnsmos_{question}": score for question, score in judged.items()}
    except ZaohuaError as error:
        say(str(error), quiet=not visible)
    metrics = scores.pop("vocoder") | {"times_real_time": times_real_time(generator, clips, mel)}
    judge = {"judge": NAME} if "dnsmos_overall" in scores["real"] else {}
    return {"metrics": metrics, "baselines": scores, **judge}


@torch.no_grad()
def times_real_time(generator: Generator, clips: Sequence[Tensor], mel: MelConfig) -> float:
    """Seconds of sound made in a second, clip by clip, on this machine as it is now."""
    spectrograms = [log_mel(clip[None], mel) for clip in clips]
    generator(spectrograms[0])  # the first pass prepares more than it computes
    began = time.perf_counter()
    for spectrogram in spectrograms:
        generator(spectrogram)
    if clips[0].is_cuda:
        torch.cuda.synchronize()
    return sum(map(len, clips)) / mel.rate / (time.perf_counter() - began)


def _data(folder: Path, source: str | None) -> tuple[SoundConfig, int]:
    """Which sounds, and the seed that parts them."""
    recipe = recipe_of_run(folder, VocoderRecipe, source)
    if recipe is not None:
        return recipe.data, recipe.train.seed
    return recipes.validate({"source": source}, SoundConfig, "zaohua evaluate"), SEED
