"""zaohua generate with a model that makes pictures: files, a grid, a film, or the way back from a picture."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zaohua.cli.media import save_all
from zaohua.errors import UsageError, ZaohuaError, one_line
from zaohua.i18n import t

if TYPE_CHECKING:
    from torch import Tensor

    from zaohua.artifacts import Artifact
    from zaohua.gan.images.model import ImageModel

_GRID, _STOPS, _SECONDS, _FPS = 64, 8, 8.0, 24.0
_JUDGE = "efficientnet-lite0-128"  # whose features say how near a picture is


def make(
    opened: "ImageModel",
    n: int | None,
    seed: int,
    out: Path | None,
    json: bool,
    label: str | None,
    truncation: float,
    grid: bool,
    interpolate: Path | None,
    project: Path | None,
    seconds: float | None,
    fps: float | None,
) -> None:
    """Make and save what was asked for; without --out under a name that says of what model and seed it is."""
    from zaohua.artifacts import Image, Video

    ways = [name for name, given in (("--grid", grid), ("--interpolate", interpolate), ("--project", project)) if given]
    if len(ways) > 1:
        raise UsageError(t("gan.one_way", ways=" ".join(ways)))
    if interpolate is None and (seconds is not None or fps is not None):
        raise UsageError(t("gan.only_films_last"))
    if project is not None and (n not in (None, 1) or label is not None or truncation != 1):
        raise UsageError(t("gan.finds_itself"))
    chosen: dict[str, Any] = {"seed": seed, "label": label, "truncation": truncation}
    target = out if interpolate is None else interpolate
    if target is not None and target.suffix:
        (Image if interpolate is None else Video).check_format(target)
    facts: dict[str, Any] = {}
    made: list[Artifact]
    if interpolate is not None:
        if out is not None:
            raise UsageError(t("gan.film_has_its_name"))
        length, pace = _SECONDS if seconds is None else seconds, _FPS if fps is None else fps
        made = [opened.interpolate(_STOPS if n is None else n, seconds=length, fps=pace, **chosen)]
    elif project is not None:
        image, facts = _projected(opened, project, seed)
        made = [image]
    elif grid:
        made = [opened.grid(_GRID if n is None else n, **chosen)]
    else:
        made = list(opened.generate(1 if n is None else n, **chosen))
    if facts and not json:
        print(t("gan.projected", **{name: f"{facts[name]:.4f}" for name in ("perceptual", "pixels")}), file=sys.stderr)
    save_all(made, target, opened.name, seed, json=json, **facts)


def _projected(opened: "ImageModel", path: Path, seed: int) -> tuple[Any, dict[str, Any]]:
    """The nearest picture and how near it is."""
    from zaohua.data.progress import counters
    from zaohua.gan.images.projection import project
    from zaohua.judges.extractor import open_extractor

    steps = 200
    picture, extractor = _read(path, opened), open_extractor(_JUDGE)
    with counters(visible=True) as shown:
        bar = shown.add_task(t("gan.searching"), total=steps)
        found = project(
            opened, picture, extractor, steps=steps, seed=seed, on_progress=lambda n: shown.update(bar, completed=n)
        )
    facts = {"perceptual": found.perceptual, "pixels": found.pixels, "features": extractor.name}
    return found.image, facts | {"class": found.label, "latent": found.latent.tolist()}


def _read(path: Path, opened: "ImageModel") -> "Tensor":
    """A picture file as the model sees pictures: uint8 [C, H, W]"""
    import torch

    from zaohua.data.pictures.fit import fitted, with_channels
    from zaohua.data.readers.base import SkippedFile
    from zaohua.data.readers.images import read_image
    from zaohua.data.stored import refuse_special

    size, white = opened.shape.size, (255, 255, 255)
    try:
        refuse_special(path)
        with path.open("rb") as stream:
            image = read_image(stream, path.name, size)
    except SkippedFile as skipped:
        raise UsageError(t("gan.not_a_picture", path=path)) from skipped
    except OSError as error:
        raise ZaohuaError(t("data.unreadable", path=path, reason=error.strerror or one_line(error))) from error
    pixels = with_channels(fitted(image, size, "cover", white), opened.shape.channels, white)
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy())
