"""Picture files of any kind people have, as upright Pillow images of mode L, RGB or RGBA."""

from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from zaohua.data.readers.base import SkippedFile
from zaohua.errors import one_line

# Content decides, not the name. Formats that run programs or are more document than picture (EPS, PDF, PSD) stay out.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000", "PPM", "ICO")
_SUFFIXES = ("jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff", "avif", "jp2", "ppm", "pgm", "pbm", "ico")


def read_image(stream: BinaryIO, name: str, side: int) -> Image.Image:
    """The picture in a seekable stream; of an animation the first frame.

    side: pixels it is wanted for; large JPEG files are decoded at a fraction of their size, never below twice that.
    The size it has in the file, turned upright, is in its `info["original"]`.
    Raises SkippedFile for what is no picture, is damaged or cut short, or claims a size beyond anything real.
    """
    try:
        image: Image.Image = Image.open(stream, formats=_FORMATS)
        stored = image.size
        image.draft(None, (2 * side, 2 * side))  # None: the mode stays
        image.load()
        image = plain(_upright(image))
        turned = (image.width < image.height) != (stored[0] < stored[1])
        image.info["original"] = stored[::-1] if turned else stored
        return image
    except UnidentifiedImageError as error:
        known = name.lower().rpartition(".")[2] in _SUFFIXES
        raise SkippedFile("malformed" if known else "unsupported") from error
    except Image.DecompressionBombError as error:
        raise SkippedFile("bomb") from error
    except Exception as error:  # a damaged file raises whatever its decoder happens to break on
        raise SkippedFile("malformed", one_line(error, 80)) from error


def _upright(image: Image.Image) -> Image.Image:
    """The picture turned as its EXIF data say; as it is where those are damaged."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # the pixels are whole, and only the note about them is not
        return image


def plain(image: Image.Image) -> Image.Image:
    """Any of Pillow's modes as L, RGB or, if something can be seen through it, RGBA."""
    if image.mode[0] in "IF":
        return Image.fromarray(_eight_bits(np.asarray(image)))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        if image.getchannel("A").getextrema()[0] == 255:
            return image.convert("RGB")
        return image
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _eight_bits(values: np.ndarray) -> np.ndarray:
    """Deep grey values as bytes: 16 bits over their whole range, floating point from 0 to 1 (or to 255, if it does)."""
    if values.dtype.kind == "f":
        values = np.nan_to_num(values)
        return np.clip(values * (255 if values.max(initial=0) <= 1 else 1), 0, 255).round().astype(np.uint8)
    return (np.clip(values, 0, 65535) / 257).round().astype(np.uint8)
