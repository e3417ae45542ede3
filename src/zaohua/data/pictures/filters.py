"""Simpler pictures made from finished ones: what a translation can be taught to undo."""

from collections.abc import Callable

import numpy as np

from zaohua.data.pictures.fit import flat, grey

_WHITE = (255, 255, 255)
_FINE, _RATIO = 0.8, 1.6  # pixels: blur of the finer of two pictures, and how many times as much of the other
_SHARE = 0.98  # of the coarser picture that is taken off the finer one
_STEEP = 60.0  # how fast ink turns to paper


def edges(pixels: np.ndarray) -> np.ndarray:
    """Black lines on white where lightness changes: a difference of two blurs with a soft threshold, XDoG (Winnemöller
    et al. 2012, doi:10.1016/j.cag.2012.03.004). uint8 [H, W, C] -> uint8 [H, W, 1]"""
    light = _light(pixels)[..., 0].astype(np.float32) / 255
    difference = _blurred(light, _FINE) - _SHARE * _blurred(light, _FINE * _RATIO)
    ink = np.where(difference >= 0, 1.0, 1.0 + np.tanh(_STEEP * difference))
    return (ink * 255).round().astype(np.uint8)[..., None]


def without_colour(pixels: np.ndarray) -> np.ndarray:
    """Lightness alone. uint8 [H, W, C] -> uint8 [H, W, 1]"""
    return _light(pixels)


def _light(pixels: np.ndarray) -> np.ndarray:
    pixels = flat(pixels, _WHITE)
    return pixels if pixels.shape[2] == 1 else grey(pixels)


def _blurred(light: np.ndarray, width: float) -> np.ndarray:
    """Convolved with a Gaussian of this standard deviation, in pixels; outside is a mirror. [H, W]"""
    reach = round(3 * width)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2).astype(np.float32)
    weights /= weights.sum()
    for axis in (0, 1):
        padded = np.pad(light, [(reach, reach) if axis == place else (0, 0) for place in (0, 1)], mode="symmetric")
        windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis)
        light = windows @ weights
    return light


FILTERS: dict[str, Callable[[np.ndarray], np.ndarray]] = {"edges": edges, "grey": without_colour}
"""The name in a recipe -> the filter."""
