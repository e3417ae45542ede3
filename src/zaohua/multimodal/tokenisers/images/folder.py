"""config.json of a picture tokeniser, and the networks it describes."""

from pathlib import Path
from typing import Any

from zaohua.data.pictures.config import FITS
from zaohua.gan.folder import load_network, read_gan
from zaohua.i18n import t
from zaohua.model_folder.values import Values
from zaohua.multimodal.tokenisers.autoencoder import Autoencoder
from zaohua.multimodal.tokenisers.images.network import ImageShape
from zaohua.multimodal.tokenisers.levels import levels_from

MODEL_TYPE = "zaohua_image_tokeniser"
_SIZES = (32, 16, 64, 128, 256)
_WIDEST, _DEEPEST = 4096, 64


def config_of(shape: ImageShape, look: dict[str, Any]) -> dict[str, Any]:
    """What config.json says. look: "fit" and "background", by which a picture of another shape is made square, and the
    data's "credit"."""
    return {"model_type": MODEL_TYPE, **shape.as_config(), **look}


def load_tokeniser(folder: Path) -> tuple[Autoencoder, ImageShape, dict[str, Any]]:
    """The averaged networks on the CPU, their shape, and the look of their pictures.

    Raises ZaohuaError, in one line, for a damaged folder or one of another kind.
    """
    values = read_gan(folder, MODEL_TYPE)
    shape = ImageShape(
        channels=values.supported("channels", 3, 1, 4),
        size=values.supported("size", *_SIZES),
        width=values.whole("width", largest=_WIDEST),
        blocks=values.supported("blocks", *range(_DEEPEST + 1)),
        fine=values.supported("fine", *range(_DEEPEST + 1)),
        levels=levels_from(values),
    )
    if shape.width % 2:
        raise values.even("width", shape.width)
    look = {
        "fit": values.supported("fit", *FITS),
        "background": _colour(values),
        "credit": str(values.raw.get("credit") or ""),
    }
    return load_network(folder, shape.build), shape, look  # type: ignore[return-value]


def _colour(values: Values) -> list[int]:
    ground = values.raw.get("background", [255, 255, 255])
    if not isinstance(ground, list) or len(ground) != 3 or not all(type(c) is int and 0 <= c < 256 for c in ground):
        raise values.refuse("background", ground, t("tokenise.expected_colour"))
    return ground
