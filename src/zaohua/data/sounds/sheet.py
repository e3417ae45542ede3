"""A sheet of spectra: what the network will hear, on one page, before it is trained."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from zaohua.data.pictures.read import Pictures
from zaohua.data.pictures.sheet import contact_sheet, spread, write_contact_sheet
from zaohua.data.sounds.read import Sounds
from zaohua.data.sounds.spectra import picture

_SIDE = 64  # pixels


def sound_sheet(sounds: Sounds) -> Image.Image:
    """The spectra of up to 64 of the sounds to train on, spread over the classes and over the whole set: time to the
    right, frequency upwards; their class underneath, and a line of credit where the set asks for one."""
    return contact_sheet(_pictures(sounds))


def write_sound_sheet(sounds: Sounds, path: Path) -> None:
    """The sheet as a PNG file."""
    write_contact_sheet(_pictures(sounds), path)


def _pictures(sounds: Sounds) -> Pictures:
    """What a contact sheet of pictures shows, of spectra."""
    labels = sounds.train_labels
    chosen = spread(None if labels is None else labels.numpy(), len(sounds.train))
    drawn = np.stack([picture(sounds.train[number].numpy(), _SIDE, _SIDE) for number in chosen])
    pixels = torch.from_numpy(drawn[:, None])
    return Pictures(
        train=pixels,
        validation=pixels[:0],
        train_labels=None if labels is None else labels[torch.tensor(chosen)],
        validation_labels=None,
        classes=sounds.classes,
        train_names=[sounds.train_names[number] for number in chosen],
        validation_names=[],
        report={"size": _SIDE, "credit": sounds.report["credit"]},
    )
