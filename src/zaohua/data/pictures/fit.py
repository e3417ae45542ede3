"""Pictures of any shape made square, and their channels made equal."""

import numpy as np
from PIL import Image, ImageOps

Colour = tuple[int, int, int]
_SPREAD, _SHARE = 16, 0.005  # a picture is coloured where so many of its pixels differ so much between channels


def fitted(image: Image.Image, size: int, how: str, background: Colour, *, transparent: bool = False) -> np.ndarray:
    """The picture as bytes [size, size, C]: C is 4 if it can be seen through, 3 if it is coloured, else 1.

    image: L, RGB or RGBA. how: "cover", "contain", "stretch" or "pad". transparent: the ground that is added can be
    seen through, in place of the background colour.
    """
    if image.size == (size, size):
        pass
    elif how == "cover":
        image = ImageOps.fit(image, (size, size), Image.Resampling.LANCZOS)
    elif how == "stretch":
        image = image.resize((size, size), Image.Resampling.LANCZOS)
    else:
        image = _whole(image, size, background, enlarge=how == "contain", transparent=transparent)
    pixels = np.asarray(image)
    return pixels[..., None] if pixels.ndim == 2 else pixels if pixels.shape[2] == 4 else _without_colour(pixels)


def _whole(image: Image.Image, size: int, background: Colour, *, enlarge: bool, transparent: bool) -> Image.Image:
    """All of the picture in the middle of a square ground."""
    scale = size / max(image.size)
    if scale < 1 or enlarge:
        width, height = (max(1, round(side * scale)) for side in image.size)
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    if image.size == (size, size):
        return image
    if transparent:
        image = image.convert("RGBA")
    elif image.mode == "L" and len(set(background)) > 1:
        image = image.convert("RGB")
    grounds: dict[str, tuple[int, ...]] = {"L": background[:1], "RGB": background, "RGBA": (*background, 0)}
    square = Image.new(image.mode, (size, size), grounds[image.mode])
    square.paste(image, ((size - image.width) // 2, (size - image.height) // 2))
    return square


def is_coloured(pixels: np.ndarray) -> bool:
    """Whether the visible part of a picture has colours. uint8 [H, W, C]"""
    if pixels.shape[2] == 1:
        return False
    spread = pixels[..., :3].max(2).astype(np.int16) - pixels[..., :3].min(2)
    visible = pixels[..., 3] > 0 if pixels.shape[2] == 4 else np.ones(spread.shape, bool)
    return bool(np.count_nonzero((spread > _SPREAD) & visible) > _SHARE * spread.size)


def _without_colour(pixels: np.ndarray) -> np.ndarray:
    """A grey picture that was stored in three channels, in one: [H, W, 3] -> [H, W, 1]; others as they are."""
    return pixels if is_coloured(pixels) else grey(pixels)


def grey(pixels: np.ndarray) -> np.ndarray:
    """Luma by ITU-R BT.601, as Pillow's mode L has it. uint8 [..., 3] -> uint8 [..., 1]"""
    return ((pixels @ np.array([19595, 38470, 7471]) + 0x8000) >> 16).astype(np.uint8)[..., None]


def flat(pixels: np.ndarray, background: Colour) -> np.ndarray:
    """Pictures laid on the background. uint8 [..., 4] -> uint8 [..., 3]; others as they are"""
    if pixels.shape[-1] != 4:
        return pixels
    alpha = pixels[..., 3:].astype(np.float32) / 255
    return (pixels[..., :3] * alpha + np.array(background, np.float32) * (1 - alpha)).round().astype(np.uint8)


def with_channels(pixels: np.ndarray, channels: int, background: Colour) -> np.ndarray:
    """The same picture with 1, 3 or 4 channels. uint8 [H, W, C] -> uint8 [H, W, channels]

    Under what cannot be seen at all stands the background colour, so that a network need not learn what is hidden.
    """
    if channels == 4:
        colours = pixels[..., :3] if pixels.shape[2] > 1 else pixels.repeat(3, axis=2)
        alpha = pixels[..., 3:] if pixels.shape[2] == 4 else np.full_like(pixels[..., :1], 255)
        return np.concatenate([np.where(alpha == 0, np.array(background, np.uint8), colours), alpha], axis=2)
    pixels = flat(pixels, background)
    if channels == 1:
        return pixels if pixels.shape[2] == 1 else grey(pixels)
    return pixels if pixels.shape[2] == 3 else pixels.repeat(3, axis=2)
