"""Sheets of pairs: what a picture is made from beside what is made of it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from zaohua.data.pictures.lettering import sheet_font, sheet_text
from zaohua.data.pictures.pairs.read import Pairs
from zaohua.data.pictures.sheet import spread, visible, write_sheet

_PAIRS = 32  # at most, on a contact sheet
_PIXELS = 1024  # about the width of a sheet
_LARGEST, _SMALLEST = 256, 64  # pixels of a shown picture's longer side
_GAP, _SPLIT, _LINE, _TEXT = 12, 2, 14, 11
_PAPER, _INK = (255, 255, 255), (64, 64, 64)


def pair_sheet(rows: Sequence[Sequence[np.ndarray]], credit: str = "") -> Image.Image:
    """Groups of pictures side by side, as many groups in a line as fit. rows: of each group the pictures, uint8
    [C, H, W], any sizes; all groups of one length. Small ones are enlarged by a whole number of times."""
    side = max(max(picture.shape[1:]) for group in rows for picture in group)
    side = min(side * max(1, _SMALLEST // side), _LARGEST)
    width, height = len(rows[0]) * (side + _SPLIT) - _SPLIT + _GAP, side + _GAP
    columns = max(1, min(len(rows), _PIXELS // width))
    lines = -(-len(rows) // columns)
    sheet = Image.new("RGB", (columns * width + _GAP, lines * height + _GAP + (_LINE if credit else 0)), _PAPER)
    for place, group in enumerate(rows):
        for number, picture in enumerate(group):
            x = _GAP + place % columns * width + number * (side + _SPLIT)
            sheet.paste(_shown(picture, side), (x, _GAP + place // columns * height))
    if credit:
        font = sheet_font(_TEXT)
        ImageDraw.Draw(sheet).text((_GAP, sheet.height - _LINE - 2), sheet_text(credit), _INK, font)
    return sheet


def _shown(picture: np.ndarray, side: int) -> Image.Image:
    """The picture in a square of this side, enlarged a whole number of times or made smaller."""
    image = visible(picture)
    scale = side / max(image.size)
    scale = float(int(scale)) if scale > 1 else scale
    if scale != 1:
        width, height = (max(1, round(pixels * scale)) for pixels in image.size)
        image = image.resize((width, height), Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS)
    square = Image.new("RGB", (side, side), _PAPER)
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return square


def write_pair_sheet(pairs: Pairs, path: Path) -> None:
    """Up to 32 of the pairs to learn from, or of both kinds without partners, as a PNG file; the line of credit in its
    description too."""
    made_from, made = pairs.train.inputs, pairs.train.targets
    chosen = _evenly(len(made_from)), _evenly(len(made))  # the same of pairs
    rows = [(made_from[one].numpy(), made[other].numpy()) for one, other in zip(*chosen, strict=False)]
    credit = pairs.report["credit"]
    write_sheet(pair_sheet(rows, credit), credit, path)


def _evenly(count: int) -> Sequence[int]:
    return spread(None, count)[:: max(1, min(count, 64) // _PAIRS)][:_PAIRS]
