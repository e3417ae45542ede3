"""A sheet of clips: what the network will see, on one page, before it is trained."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

from zaohua.data.clips.read import Clips
from zaohua.data.pictures.lettering import sheet_font, sheet_text
from zaohua.data.pictures.sheet import spread, write_sheet

_ROWS, _COLUMNS = 16, 8
_CELL = 64  # pixels a small frame is enlarged to, by a whole number of times
_GAP, _LINE, _TEXT = 4, 14, 11
_PAPER, _INK = (255, 255, 255), (64, 64, 64)


def clip_sheet(clips: Clips) -> Image.Image:
    """Up to 16 of the windows to train on, a row of up to 8 of its frames each, spread over the classes and over the
    whole set; the class or else the clip's name underneath, and a line of credit where the set asks for one."""
    chosen = _chosen(clips)
    times = torch.linspace(0, clips.train.length - 1, min(_COLUMNS, clips.train.length)).round().long()
    scale = max(1, _CELL // clips.report["size"])
    font, credit = sheet_font(_TEXT), sheet_text(clips.report["credit"])
    side = clips.report["size"] * scale
    height = side + _LINE + _GAP
    size = len(times) * (side + _GAP) + _GAP, len(chosen) * height + _GAP + (_LINE if credit else 0)
    sheet = Image.new("RGB", size, _PAPER)
    pen = ImageDraw.Draw(sheet)
    for row, number in enumerate(chosen):
        y = _GAP + row * height
        frames = clips.train.at(torch.tensor([number]), times[None])[0].permute(0, 2, 3, 1).numpy()
        for column, frame in enumerate(frames):
            picture = Image.fromarray(frame[..., 0] if frame.shape[2] == 1 else frame)
            sheet.paste(picture.resize((side, side), Image.Resampling.NEAREST), (_GAP + column * (side + _GAP), y))
        name = clips.train_names[int(clips.train.clips[number])]
        if clips.train_labels is not None:
            name = clips.classes[int(clips.train_labels[number])]
        pen.text((_GAP, y + side + 1), sheet_text(name), _INK, font)
    if credit:
        pen.text((_GAP, size[1] - _LINE), credit, _INK, font)
    return sheet


def write_clip_sheet(clips: Clips, path: Path) -> None:
    """The sheet as a PNG file, the line of credit in its description too."""
    write_sheet(clip_sheet(clips), clips.report["credit"], path)


def _chosen(clips: Clips) -> list[int]:
    """Numbers of up to 16 windows, the first of each clip: equally many of each class as far as there are."""
    _, firsts = np.unique(clips.train.clips.numpy(), return_index=True)
    labels = None if clips.train_labels is None else clips.train_labels.numpy()[firsts]
    return firsts[spread(labels, len(firsts), _ROWS)].tolist()
