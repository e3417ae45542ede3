"""Every kind of training takes a few steps on a GPU, as its recipe stands, and leaves a model that opens there; what is
compiled by default and what only on demand. Without a GPU nothing of this is tried."""

from itertools import product
from pathlib import Path

import pytest
import torch
from painting import album
from sounding import encoded, sounded

import zaohua
from zaohua.training.run import train_recipe

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA GPU here")

TOKENS = Path(zaohua.__file__).parent / "multimodal" / "trained" / "any-emoji" / "image"
BRIEFLY = ("train.minutes=", "train.images=", "train.steps=6", "train.evaluate_every=6", "train.batch_size=8")
ON_BUILTIN = {
    "digits": ["gan/quickstart-pictures"],
    "digits, compiled": ["gan/quickstart-pictures", "train.compile=true"],
    "digits, slopes from a second look, compiled": [
        "gan/quickstart-pictures",
        "regulariser.estimate=difference",
        "train.compile=true",
    ],
    "digits, Wasserstein": ["gan/quickstart-pictures", "loss.kind=wasserstein", "regulariser.kind=gradient_penalty"],
    "digits, gamma by trial": ["gan/quickstart-pictures", "regulariser.gamma=auto"],
    "digits, DCGAN": ["gan/digits-dcgan"],
    "pictograms, adaptive distortions": ["gan/openmoji-32", "augment.adaptive=true"],
    "effects": ["gan/effects"],
    "moving digits": ["gan/moving-digits"],
    "line art to colour": ["gan/translate-emoji"],
    "one-sided": ["gan/translate-unpaired"],
    "cycle": ["gan/translate-unpaired", "model.method=cycle"],
    "pictures as tokens": ["multimodal/image-tokens"],
    "from pictures to names and back": ["multimodal/any-emoji", f"model.image={TOKENS}", "views.count=1"],
    "questions": ["multimodal/any-questions", "views.count=1"],
    "names and pictures": ["multimodal/contrastive-emoji"],
    "names and patches": ["multimodal/contrastive-emoji", "model.sight=", "data.size=64"],
    "groups of pictograms": ["multimodal/openmoji-groups"],
}
OF_SOUNDS = {
    "spoken digits, spectra": ["gan/digits-spoken"],
    "spoken digits, waves": ["gan/digits-spoken", "model.form=wave"],
    "vocoder": ["gan/vocoder"],
    "sounds as tokens": ["multimodal/sound-tokens"],
    "transcribed digits": ["multimodal/transcribe-digits"],
    "digits seen and heard": ["multimodal/av-digits"],
}
OF_TEXT = {
    "characters": ["language/shakespeare-char"],
    "characters, AdamW": ["language/shakespeare-char", "train.optimiser=adamw"],
    "masked": ["language/masked-en"],
}


def _trained(recipe: str, *overrides: str, folder: Path) -> None:
    summary = train_recipe(recipe, *BRIEFLY, *overrides, f"run.dir={folder / 'run'}", quiet=True)
    assert summary["cost"]["steps"] == 6
    zaohua.load(folder / "run")


@pytest.mark.parametrize("what", ON_BUILTIN)
def test_built_in_data(tmp_path, what):
    _trained(*ON_BUILTIN[what], folder=tmp_path)


@pytest.mark.parametrize("what", OF_SOUNDS)
def test_sounds(tmp_path, what):
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    for seed, (digit, voice, take) in enumerate(product(range(10), ("ann", "bob"), range(6))):
        (sounds / f"{digit}_{voice}_{take}.wav").write_bytes(encoded(sounded(seed)))
    _trained(*OF_SOUNDS[what], f"data.source=folder:{sounds}", folder=tmp_path)


@pytest.mark.parametrize("what", OF_TEXT)
def test_texts(tmp_path, what):
    text = tmp_path / "text.txt"
    text.write_text(
        "".join(f"On day {day} the wind was {day * 7 % 12} and the sea {day * 5 % 9}.\n" for day in range(9000))
    )
    _trained(*OF_TEXT[what], f"data.source=file:{text}", folder=tmp_path)


def test_edges_to_photos(tmp_path):
    photos = album(tmp_path / "photos", 40)
    _trained("gan/translate-edges", f"data.source=folder:{photos}", folder=tmp_path)
