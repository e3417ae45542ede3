"""config.json of a sound model, and the generator and the form of sound it describes."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import nn

from zaohua.gan.folder import load_network, read_gan
from zaohua.gan.networks.shape import NETWORKS, Shape
from zaohua.gan.networks.waves import WaveShape
from zaohua.gan.sounds.forms import Form, SpectrumForm, WaveForm, generator_of
from zaohua.i18n import t

MODEL_TYPE = "zaohua_gan_sound"
_FASTEST = 384_000  # samples per second at most
_LONGEST = 1 << 24  # samples of a sound
_SIZES = (32, 64, 128)


def config_of(shape: Shape | WaveShape, form: Form, classes: Sequence[str]) -> dict[str, Any]:
    """What config.json says. classes: names in the order of their numbers; none for a model without."""
    kind = "wave" if isinstance(form, WaveForm) else "spectrum"
    described = {name: value for name, value in asdict(shape).items() if name not in ("size", "channels", "length")}
    return {"model_type": MODEL_TYPE, "form": kind, **form.as_config(), **described, "classes": list(classes)}


def load_sounds(folder: Path) -> tuple[nn.Module, Shape | WaveShape, Form, tuple[str, ...]]:
    """The averaged generator in evaluation mode on the CPU, its shape, its form and the names of its classes.

    Raises ZaohuaError, in one line, for a damaged folder or one of another kind.
    """
    values = read_gan(folder, MODEL_TYPE)
    classes, latent = values.names("classes"), values.whole("latent", largest=8192)
    rate, length = values.whole("rate", largest=_FASTEST), values.whole("length", largest=_LONGEST)
    widths = values.widths("generator_widths"), values.widths("discriminator_widths")
    form: Form
    shape: Shape | WaveShape
    if values.supported("form", "spectrum", "wave") == "wave":
        form, shape = WaveForm(rate, length), WaveShape(length, latent, len(classes), *widths)
    else:
        form = SpectrumForm(rate, length, values.supported("size", *_SIZES), values.positive("loudest"))
        if length % form.size:
            raise values.refuse("length", length, t("sounds.expected_length", size=form.size))
        network, blocks = values.supported("network", *NETWORKS), values.supported("blocks", *range(9))
        shape = Shape(network, form.points, form.channels, latent, len(classes), *widths, blocks)
    return load_network(folder, lambda: generator_of(shape)), shape, form, classes
