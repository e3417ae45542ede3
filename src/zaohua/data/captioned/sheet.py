"""A contact sheet: pictures, spectra or the frames of clips, each with what is said of it."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from torch import Tensor

from zaohua.data.captioned.read import Captioned
from zaohua.data.pictures.lettering import sheet_font, sheet_text
from zaohua.data.pictures.sheet import lines, spread, visible, write_sheet
from zaohua.data.sounds.spectra import picture

_COLUMNS, _MOST = 3, 24
_SIDE, _WORDS = 64, 176  # pixels of a picture, and beside it for what is said
_GAP, _LINE, _TEXT, _LINES = 8, 14, 11, 2
_PAPER, _INK = (255, 255, 255), (64, 64, 64)


def captioned_sheet(pairs: Captioned) -> Image.Image:
    """Up to 24 of the pairs to train on, spread over the whole set; of clips the first, the middle
    and the last frame. A line of credit where the set asks for one."""
    chosen = spread(None, len(pairs.train), _MOST)
    shown = [_images(pairs, number) for number in chosen]
    words = _SIDE * len(shown[0]) + _GAP
    width, height = words + _WORDS + _GAP, _SIDE + _GAP
    font, credit = sheet_font(_TEXT), pairs.report["credit"]
    rows = -(-len(chosen) // _COLUMNS)
    sheet = Image.new("RGB", (_COLUMNS * width + _GAP, rows * height + _GAP + (_LINE if credit else 0)), _PAPER)
    pen = ImageDraw.Draw(sheet)
    for place, (number, images) in enumerate(zip(chosen, shown, strict=True)):
        x, y = _GAP + place % _COLUMNS * width, _GAP + place // _COLUMNS * height
        for column, image in enumerate(images):
            sheet.paste(image.resize((_SIDE, _SIDE), Image.Resampling.BOX), (x + column * _SIDE, y))
        said = [texts[0] for texts in pairs.train.captions[number].values()]
        found = [line for text in said for line in lines(sheet_text(text), _WORDS, font, _LINES)]
        for line, text in enumerate(found):
            pen.text((x + words, y + line * _LINE), text, _INK, font)
    if credit:
        pen.text((_GAP, sheet.height - _LINE - 2), lines(sheet_text(credit), sheet.width, font, 1)[0], _INK, font)
    return sheet


def write_captioned_sheet(pairs: Captioned, path: Path) -> None:
    """The sheet as a PNG file, the line of credit in its description too."""
    write_sheet(captioned_sheet(pairs), pairs.report["credit"], path)


def _images(pairs: Captioned, number: int) -> list[Image.Image]:
    """What is shown of one of them."""
    medium: Tensor = pairs.train.media[number]
    if pairs.kind == "sounds":
        return [Image.fromarray(picture(medium.numpy(), _SIDE, _SIDE))]
    if pairs.kind == "clips":
        times = np.linspace(0, len(medium) - 1, 3).round().astype(int).tolist()
        return [visible(medium[time].numpy()) for time in times]
    return [visible(medium.numpy())]
