"""A recipe of the picture task on painted pictures of two classes, learnt in seconds."""

from pathlib import Path

from painting import album

from zaohua.gan.images.task import ImageTask
from zaohua.recipe import load_recipe, validate
from zaohua.training import parallel

_RECIPE = """
task = "gan-image"
[data]
source = "folder:{album}"
validation = 0.3
flip = true
[model]
network = "nano16"
latent = 8
generator_width = 0.1
discriminator_width = 0.1
[augment]
strength = 0.3
[train]
steps = 10
batch_size = 8
discriminator_steps = 2
accumulate = 2
log_every = 1
evaluate_every = 4
save_every = 3
tensorboard = false
[measure]
extractor = "small-cnn-mnist"
samples = 16
final = 16
realism = 4
[sample]
pictures = 6
[run]
dir = "{run}"
"""


def picture_recipe(folder: Path) -> Path:
    """With 40 pictures each of "blobs" and "spots", all in `folder`."""
    for place, name in enumerate(("blobs", "spots")):
        album(folder / "album" / name, 40, first=100 * place, width=20, height=20)
    path = folder / "recipe.toml"
    path.write_text(_RECIPE.format(album=folder / "album", run=folder / "run"), encoding="utf-8")
    return path


def prepared(folder: Path, *settings: str) -> ImageTask:
    """The task of such a recipe, with its pictures read."""
    raw = load_recipe(picture_recipe(folder), [f"run.dir={folder}/run", *settings])
    task = ImageTask(validate(raw, ImageTask.Recipe))
    task.prepare(parallel.start("auto"), visible=False)
    return task
