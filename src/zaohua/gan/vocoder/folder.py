"""config.json of a vocoder and the generator it describes."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from zaohua.gan.folder import load_network, read_gan
from zaohua.gan.vocoder.generator import Generator, VocoderShape
from zaohua.i18n import t
from zaohua.model_folder.values import Values
from zaohua.nn.mel import MelConfig

MODEL_TYPE = "zaohua_vocoder"
_LARGEST = 16_384  # samples of a window


def config_of(shape: VocoderShape) -> dict[str, Any]:
    """What config.json says."""
    sizes = {"width": shape.width, "layers": shape.layers, "rounds": shape.rounds}
    return {"model_type": MODEL_TYPE, **asdict(shape.mel), **sizes}


def load_vocoder(folder: Path) -> Generator:
    """The averaged generator in evaluation mode on the CPU.

    Raises ZaohuaError, in one line, for a damaged folder or one of another kind.
    """
    values = read_gan(folder, MODEL_TYPE)
    mel = mel_from(values)
    rounds = values.supported("rounds", *range(65))
    shape = VocoderShape(mel, values.whole("width", largest=4096), values.whole("layers", largest=64), rounds)
    return load_network(folder, lambda: Generator(shape))  # type: ignore[return-value]


def mel_from(values: Values) -> MelConfig:
    """The spectrograms that a config.json tells of; ZaohuaError for what cannot be."""
    mel = MelConfig(
        rate=values.whole("rate"),
        n_fft=values.whole("n_fft", largest=_LARGEST),
        hop=values.whole("hop", largest=_LARGEST),
        bands=values.whole("bands", largest=_LARGEST),
        low=_hertz(values, "low"),
        high=_hertz(values, "high"),
        scale=values.supported("scale", "slaney", "htk"),
    )
    if 4 * mel.hop != mel.n_fft:
        raise values.refuse("hop", mel.hop, t("vocoder.expected_hop"))
    if not mel.low < (mel.high or mel.rate / 2) <= mel.rate / 2:
        raise values.refuse("high", mel.high, t("vocoder.expected_high"))
    return mel


def _hertz(values: Values, key: str) -> float:
    """A frequency, which may be 0."""
    value = values.raw.get(key, 0)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < math.inf:
        raise values.refuse(key, value, t("vocoder.expected_hertz"))
    return float(value)
