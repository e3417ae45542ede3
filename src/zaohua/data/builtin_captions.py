"""What the built-in pictograms are called in English and Chinese, and what is said of how they move."""

import json
from functools import cache
from math import atan2, pi

import numpy as np

from zaohua.data.builtin_clips import emoji_motion
from zaohua.data.wheels import WheelFile, locate

_WHEEL = ("emoji", "2.16.0", "c4230d80640def9071599ff56b1b5950fe13a2a94c0da98c5deab12431b24330")
_FOLDER = "emoji/unicode_codes"  # CLDR's short names, in which underscores stand for spaces and, in Chinese, colons
CLDR_ENGLISH = WheelFile(
    *_WHEEL, f"{_FOLDER}/emoji.json", "68d0dc4ac61ccb49c1335809ffb963bcca0fdb4a7e04278ff597125a2b043122"
)
CLDR_CHINESE = WheelFile(
    *_WHEEL, f"{_FOLDER}/emoji_zh.json", "090339fb5f9f9d00c8330e7c276596af16a852556820d9b2c923501e56b06a09"
)
_DIRECTIONS = {  # eighths of a turn from rightwards, clockwise as seen
    "en": ("right", "lower right", "bottom", "lower left", "left", "upper left", "top", "upper right"),
    "zh": ("右", "右下方", "下", "左下方", "左", "左上方", "上", "右上方"),
}
_LEFT, _RIGHT = 0.43, 0.57  # of the side: where the left part of a clip ends, and where its right part begins


def emoji_names(name: str) -> dict[str, list[str]]:
    """Names of a pictogram in both languages: CLDR's short name, and in English the character's name in Unicode.

    name: as the set of pictures has it: the pictogram, a space, its name in Unicode.
    """
    sign, _, unicode_name = name.partition(" ")
    english, chinese = _cldr()
    short = english[sign]["en"].strip(":").replace("_", " ").lower()
    return {
        "en": list(dict.fromkeys((short, unicode_name))),
        "zh": [chinese[sign].strip(":").replace("_", "：")],
    }


@cache
def _cldr() -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    english, chinese = (json.loads(locate(file).read_text(encoding="utf-8")) for file in (CLDR_ENGLISH, CLDR_CHINESE))
    return english, chinese


def moving_captions(number: int, name: str) -> dict[str, list[str]]:
    """A sentence in each language on what moves how, true of the whole clip from its first frame on.

    number: of the clip in the set; name: as the set of pictures has it.
    """
    motion, places = emoji_motion(number)
    english, chinese = _MOTIONS[motion](np.array(places))
    names = emoji_names(name)
    return {"en": [f"{names['en'][0]} {english}"], "zh": [f"{names['zh'][0]}{chinese}"]}


def _sliding(places: np.ndarray) -> tuple[str, str]:
    """places: [F, 4]; see zaohua.data.builtin_clips."""
    steps = np.diff(places[:, :2], axis=0)
    across, down = steps[0]
    eighth = round(atan2(down, across) / (pi / 4)) % 8
    english, chinese = (f"slides to the {_DIRECTIONS['en'][eighth]}", f"向{_DIRECTIONS['zh'][eighth]}滑动")
    bounces = (np.sign(steps[1:]) * np.sign(steps[:-1]) < 0).any()
    return (f"{english} and bounces", f"{chinese}并反弹") if bounces else (english, chinese)


def _turning(places: np.ndarray) -> tuple[str, str]:
    return ("turns clockwise", "顺时针旋转") if places[1, 3] > places[0, 3] else ("turns anticlockwise", "逆时针旋转")


def _growing(places: np.ndarray) -> tuple[str, str]:
    if places[1, 2] > places[0, 2]:
        return "grows and then shrinks", "先变大再变小"
    return "shrinks and then grows", "先变小再变大"


def _hopping(places: np.ndarray) -> tuple[str, str]:
    left = places[0, 0]
    if left < _LEFT:
        return "hops up and down on the left", "在左边上下跳动"
    if left > _RIGHT:
        return "hops up and down on the right", "在右边上下跳动"
    return "hops up and down in the middle", "在中间上下跳动"


_MOTIONS = {"slide": _sliding, "turn": _turning, "grow": _growing, "hop": _hopping}
