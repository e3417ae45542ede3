"""config.json of a clip model and the generator it describes."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import nn

from zaohua.gan.folder import load_network, read_gan
from zaohua.gan.networks.shape import FIRST, Shape
from zaohua.gan.video.networks.generator import ClipGenerator
from zaohua.gan.video.networks.shape import ClipShape
from zaohua.i18n import t

MODEL_TYPE = "zaohua_gan_video"
_WIDEST, _LONGEST = 8192, 10_000


def config_of(shape: ClipShape, fps: float, classes: Sequence[str]) -> dict[str, Any]:
    """What config.json says. fps: frames a second; classes: names in the order of their numbers; none without."""
    described = asdict(shape)
    picture = described.pop("picture")
    return {"model_type": MODEL_TYPE, **picture, **described, "fps": fps, "classes": list(classes)}


def load_clips(folder: Path) -> tuple[nn.Module, ClipShape, float, tuple[str, ...]]:
    """The averaged generator in evaluation mode on the CPU, its shape, frames a second and the names of its classes.

    Raises ZaohuaError, in one line, for a damaged folder or one of another kind.
    """
    values = read_gan(folder, MODEL_TYPE)
    classes = values.names("classes")
    content, motion = values.whole("content", largest=_WIDEST), values.whole("motion", largest=_WIDEST)
    picture = Shape(
        network=values.supported("network", "nano", "small"),
        size=values.whole("size", largest=1024),
        channels=values.supported("channels", 1, 3),
        latent=content + motion,
        classes=len(classes),
        generator_widths=values.widths("generator_widths"),
        discriminator_widths=values.widths("discriminator_widths"),
    )
    if picture.size != FIRST << (len(picture.generator_widths) - 1):
        raise values.refuse("size", picture.size, t("gan.expected_size", octaves=len(picture.generator_widths)))
    shape = ClipShape(
        picture=picture,
        length=values.whole("length", largest=_LONGEST),
        looks=values.whole("looks", largest=_LONGEST),
        content=content,
        noise=values.whole("noise", largest=_WIDEST),
        motion=motion,
        spacing=values.whole("spacing", largest=_LONGEST),
    )
    return load_network(folder, lambda: ClipGenerator(shape)), shape, values.positive("fps"), classes
