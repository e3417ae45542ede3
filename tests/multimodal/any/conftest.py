"""A model of several media as small as can be: tokenisers and decoder with weights drawn from a seed."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from painting import album
from sounding import folder_of_sounds

from zaohua.language.decoder import Decoder, DecoderConfig
from zaohua.language.tokenizer import Tokenizer, TokenizerConfig
from zaohua.language.tokenizer_training import train
from zaohua.multimodal.any.examples import Tokenisers
from zaohua.multimodal.any.folder import Knows, Parts
from zaohua.multimodal.any.model import AnyModel
from zaohua.multimodal.any.task import AnyTask
from zaohua.multimodal.any.templates import TEMPLATES
from zaohua.multimodal.any.vocabulary import Vocabulary
from zaohua.multimodal.tokenisers.images.model import ImageTokeniser
from zaohua.multimodal.tokenisers.images.network import ImageShape
from zaohua.multimodal.tokenisers.sounds.model import SoundTokeniser
from zaohua.multimodal.tokenisers.sounds.network import SoundShape
from zaohua.nn.mel import MelConfig
from zaohua.recipe import load_recipe, validate
from zaohua.training import parallel

_RECIPE = """
task = "any"
measured = 4
[data]
source = "folder:{pictures}"
size = 16
validation = 0.3
[tokenizer]
vocab_size = 300
[model]
image = "{image}"
audio = "{audio}"
layers = 1
width = 32
dropout = 0.1
[templates]
caption = 1.0
draw = 1.0
answer = 0.5
continue = 0.25
[views]
count = 2
shift = 1
[train]
steps = 10
batch_size = 4
accumulate = 2
log_every = 1
evaluate_every = 4
save_every = 3
tensorboard = false
[run]
dir = "{run}"
"""
LOOK = {"fit": "cover", "background": [255, 255, 255], "credit": ""}


@pytest.fixture(scope="session")
def tokenisers() -> Tokenisers:
    torch.manual_seed(0)
    form = ImageShape(channels=3, size=16, width=8, blocks=1, fine=1)
    sounds = SoundShape(mel=MelConfig(8000, 256, 64, 16), loudest=2.0, frames=4, width=8, blocks=1)
    return Tokenisers(ImageTokeniser(form.build().eval(), form, LOOK), SoundTokeniser(sounds.build().eval(), sounds))


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return train(TokenizerConfig(vocab_size=300), ["a red apple 红苹果 a blue cat 蓝猫\n" * 20])


@pytest.fixture(scope="session")
def any_model(tokenisers, tokenizer) -> AnyModel:
    vocabulary = Vocabulary(
        text=tokenizer.vocab_size,
        image_codes=1000,
        grid=(8, 8),
        audio_codes=1000,
        longest=20,
        frames=2,
        fps=4.0,
    )
    shape = {"layers": 2, "width": 32, "heads": 2, "kv_heads": 2, "head_dim": 16, "ffn_width": 48, "context": 192}
    decoder, generator = Decoder(DecoderConfig(**shape, vocab_size=vocabulary.size)), torch.Generator().manual_seed(0)
    for parameter in decoder.parameters():
        torch.nn.init.normal_(parameter, mean=float(parameter.ndim == 1), std=0.15, generator=generator)
    knows = Knows(tuple(TEMPLATES), ("en", "zh"))
    return AnyModel(Parts(decoder.eval(), tokenizer, vocabulary, tokenisers, knows), name="tiny", card="# A card\n")


@pytest.fixture
def tokeniser_folders(tmp_path: Path, tokenisers) -> dict[str, Path]:
    for name in ("image", "audio"):
        getattr(tokenisers, name).save(tmp_path / f"{name}-tokens")
    return {name: tmp_path / f"{name}-tokens" for name in ("image", "audio")}


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """24 pictures with a caption in either language beside them."""
    folder = album(tmp_path / "pictures", 24, width=16, height=16)
    for number in range(24):
        colour, thing = ("red", "blue")[number % 2], ("apple", "cat", "house")[number % 3]
        (folder / f"{number:04}.txt").write_text(f"a {colour} {thing}\n{thing}\n", encoding="utf-8")
        (folder / f"{number:04}.zh.txt").write_text(f"{'红蓝'[number % 2]}{'果猫屋'[number % 3]}", encoding="utf-8")
    return folder


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    """12 sounds with an English caption."""
    folder = folder_of_sounds(tmp_path / "sounds", 12, seconds=0.3)
    for number in range(12):
        (folder / f"{number:04}.txt").write_text(("one", "two", "three")[number % 3], encoding="utf-8")
    return folder


@pytest.fixture
def recipe(tmp_path: Path, pictures: Path, tokeniser_folders: dict[str, Path]) -> Path:
    """Ten steps of four templates on the pictures."""
    path = tmp_path / "recipe.toml"
    path.write_text(_RECIPE.format(pictures=pictures, run=tmp_path / "run", **tokeniser_folders), encoding="utf-8")
    return path


@pytest.fixture
def prepared() -> Callable[..., AnyTask]:
    """The task of a recipe and settings, with its data read."""

    def prepare(recipe: Path, *settings: str) -> AnyTask:
        task = AnyTask(validate(load_recipe(recipe, list(settings)), AnyTask.Recipe))
        task.prepare(parallel.start("auto"), visible=False)
        return task

    return prepare
