"""One picture from wherever a user has it: a file, Pillow's, an array."""

from pathlib import Path

import numpy as np
from PIL import Image

from zaohua.data.readers.base import SkippedFile
from zaohua.data.readers.images import plain, read_image
from zaohua.data.stored import refuse_special
from zaohua.errors import ZaohuaError
from zaohua.i18n import t

_WHOLE = 1 << 15  # pixels: a side as large as a picture may have, so that it is not read at a part of its size
PictureSource = Path | str | Image.Image | np.ndarray


def open_picture(picture: PictureSource) -> tuple[Image.Image, str]:
    """Any picture as an upright image of mode L, RGB or RGBA, and what to call it.

    picture: a file, a Pillow image, or uint8 [H, W] or [H, W, C]. Raises ZaohuaError for a file that is no picture.
    """
    if isinstance(picture, Image.Image):
        return plain(picture), ""
    if isinstance(picture, np.ndarray):
        return plain(Image.fromarray(picture[..., 0] if picture.ndim == 3 and picture.shape[2] == 1 else picture)), ""
    path = Path(picture)
    try:
        refuse_special(path)
        with path.open("rb") as file:
            return read_image(file, path.name, _WHOLE), path.name
    except OSError as error:
        raise ZaohuaError(t("translate.cannot_read", path=path, reason=error.strerror or error)) from error
    except SkippedFile as skipped:
        reason = t(f"data.skip_{skipped.reason}")
        raise ZaohuaError(t("translate.cannot_read", path=path, reason=reason)) from skipped
