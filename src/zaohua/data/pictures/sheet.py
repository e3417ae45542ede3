"""A contact sheet: what the network will see, on one page, before it is trained."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, PngImagePlugin

from zaohua.data.pictures.lettering import Font, sheet_font, sheet_text
from zaohua.data.pictures.read import Pictures
from zaohua.files import write_atomic

_COLUMNS, _MOST = 8, 64
_CELL = 64  # pixels a small picture is enlarged to, by a whole number of times
_GAP, _LINE, _TEXT = 8, 14, 11
_PAPER, _INK, _CHECKS = (255, 255, 255), (64, 64, 64), (232, 232, 232)


def contact_sheet(pictures: Pictures) -> Image.Image:
    """Up to 64 of the pictures to train on, spread over the classes and over the whole set, their class underneath.

    What can be seen through lies on a chequered ground. Where the set's licence asks for a line of credit, it stands at
    the bottom.
    """
    chosen = spread(None if pictures.train_labels is None else pictures.train_labels.numpy(), len(pictures.train))
    side = pictures.report["size"] * max(1, _CELL // pictures.report["size"])
    font, credit = sheet_font(_TEXT), pictures.report["credit"]
    label = _LINE if pictures.classes else 0
    width, height = side + _GAP, side + label + _GAP
    rows = -(-len(chosen) // _COLUMNS)
    sheet = Image.new("RGB", (_COLUMNS * width + _GAP, rows * height + _GAP + (2 * _LINE if credit else 0)), _PAPER)
    pen = ImageDraw.Draw(sheet)
    for place, number in enumerate(chosen):
        x, y = _GAP + place % _COLUMNS * width, _GAP + place // _COLUMNS * height
        sheet.paste(visible(pictures.train[number].numpy()).resize((side, side), Image.Resampling.NEAREST), (x, y))
        if pictures.train_labels is not None:
            name = pictures.classes[int(pictures.train_labels[number])]
            pen.text((x, y + side + 1), _within(sheet_text(name), side, font), _INK, font)
    for line, text in enumerate(lines(sheet_text(credit), sheet.width - 2 * _GAP, font)):
        pen.text((_GAP, sheet.height - (2 - line) * _LINE - 2), text, _INK, font)
    return sheet


def write_contact_sheet(pictures: Pictures, path: Path) -> None:
    """The contact sheet as a PNG file, the line of credit in its description too."""
    write_sheet(contact_sheet(pictures), pictures.report["credit"], path)


def write_sheet(sheet: Image.Image, credit: str, path: Path) -> None:
    """A PNG file with the line of credit, if there is one, in its description."""
    about, data = PngImagePlugin.PngInfo(), io.BytesIO()
    if credit:
        about.add_itxt("Copyright", credit)
    sheet.save(data, "PNG", pnginfo=about)
    write_atomic(path, data.getvalue())


def spread(labels: np.ndarray | None, count: int, most: int = _MOST) -> Sequence[int]:
    """Numbers of up to 64 pictures, or `most`: equally many of each class as far as there are, evenly through the set.
    Sorted by class."""
    if labels is None:
        return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int)).tolist()
    by_class = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    share = max(1, most // len(by_class))
    some = [members[np.unique(np.linspace(0, len(members) - 1, share).round().astype(int))] for members in by_class]
    return np.concatenate(some)[:most].tolist()


def visible(pixels: np.ndarray) -> Image.Image:
    """uint8 [C, H, W] as a picture without transparency, on a chequered ground."""
    image = Image.fromarray(pixels[0] if len(pixels) == 1 else np.ascontiguousarray(pixels.transpose(1, 2, 0)))
    if image.mode != "RGBA":
        return image
    half = max(1, image.width // 8)
    odd = np.add.outer(np.arange(image.height) // half, np.arange(image.width) // half) % 2
    ground = Image.fromarray(np.where(odd[..., None], _CHECKS, _PAPER).astype(np.uint8)).convert("RGBA")
    return Image.alpha_composite(ground, image).convert("RGB")


def _within(text: str, width: int, font: Font) -> str:
    """The text, cut if it is wider than `width` pixels."""
    kept = text
    while kept and font.getlength(kept + ".." * (kept != text)) > width:
        kept = kept[:-1]
    return kept.rstrip() + ".." * (kept != text)


def lines(text: str, width: int, font: Font, most: int = 2) -> list[str]:
    """So many lines at most, broken between words; the last is cut if it is wider than `width` pixels."""
    found: list[str] = []
    while text and len(found) < most - 1:
        first = text
        while font.getlength(first) > width and " " in first:
            first = first.rpartition(" ")[0]
        found.append(_within(first, width, font))
        text = text[len(first) :].strip()
    return [line for line in (*found, _within(text, width, font)) if line]
