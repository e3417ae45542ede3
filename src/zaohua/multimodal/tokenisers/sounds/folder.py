"""config.json of a sound tokeniser, and the networks it describes; a vocoder may lie beside them in a folder of its
own."""

from pathlib import Path
from typing import Any

from zaohua.gan.folder import load_network, read_gan
from zaohua.gan.vocoder.folder import mel_from
from zaohua.i18n import t
from zaohua.model_folder.values import Values
from zaohua.multimodal.tokenisers.autoencoder import Autoencoder
from zaohua.multimodal.tokenisers.levels import levels_from
from zaohua.multimodal.tokenisers.sounds.network import SoundShape
from zaohua.nn.mel import LOG_FLOOR

MODEL_TYPE = "zaohua_sound_tokeniser"
VOCODER = "vocoder"  # the name of that folder
_WIDEST, _DEEPEST, _MOST_FRAMES, _LOUDEST = 4096, 64, 64, 100.0


def config_of(shape: SoundShape) -> dict[str, Any]:
    """What config.json says."""
    return {"model_type": MODEL_TYPE, **shape.as_config()}


def load_tokeniser(folder: Path) -> tuple[Autoencoder, SoundShape]:
    """The averaged networks on the CPU and their shape.

    Raises ZaohuaError, in one line, for a damaged folder or one of another kind.
    """
    values = read_gan(folder, MODEL_TYPE)
    shape = SoundShape(
        mel=mel_from(values),
        loudest=_nats(values, "loudest"),
        frames=values.whole("frames", largest=_MOST_FRAMES),
        width=values.whole("width", largest=_WIDEST),
        blocks=values.supported("blocks", *range(_DEEPEST + 1)),
        levels=levels_from(values),
    )
    return load_network(folder, shape.build), shape  # type: ignore[return-value]


def _nats(values: Values, key: str) -> float:
    """A level above that of silence."""
    value = values.raw.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool) or not LOG_FLOOR < value < _LOUDEST:
        raise values.refuse(key, value, t("tokenise.expected_level"))
    return float(value)
