"""config.json of a picture model and the generator it describes."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import nn

from zaohua.gan.folder import load_network, read_gan
from zaohua.gan.networks.shape import FIRST, NETWORKS, Shape, build_generator
from zaohua.i18n import t

MODEL_TYPE = "zaohua_gan_image"
_CHANNELS = (1, 3, 4)
_LARGEST = 8192  # latent numbers that a description may ask for


def config_of(shape: Shape, classes: Sequence[str]) -> dict[str, Any]:
    """What config.json says. classes: names in the order of their numbers; none for a model without."""
    return {"model_type": MODEL_TYPE, **asdict(shape), "classes": list(classes)}


def load_images(folder: Path) -> tuple[nn.Module, Shape, tuple[str, ...]]:
    """The averaged generator in evaluation mode on the CPU, its shape and the names of its classes.

    Raises ZaohuaError, in one line, for a damaged folder or one of another kind.
    """
    values = read_gan(folder, MODEL_TYPE)
    classes = values.names("classes")
    shape = Shape(
        network=values.supported("network", *NETWORKS),
        size=values.whole("size", largest=1024),
        channels=values.supported("channels", *_CHANNELS),
        latent=values.whole("latent", largest=_LARGEST),
        classes=len(classes),
        generator_widths=values.widths("generator_widths"),
        discriminator_widths=values.widths("discriminator_widths"),
        blocks=values.supported("blocks", *range(9)),
        own_start=values.flag("own_start", default=False),
    )
    if shape.size != FIRST << (len(shape.generator_widths) - 1):
        raise values.refuse("size", shape.size, t("gan.expected_size", octaves=len(shape.generator_widths)))
    return load_network(folder, lambda: build_generator(shape)), shape, classes
