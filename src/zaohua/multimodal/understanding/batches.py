"""Rows as the network takes them: tokens, pixels and spectra in tensors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from zaohua.data.records.types import Side, TableRows
from zaohua.gan.images.pixels import to_floats
from zaohua.language.tokenizer import Tokenizer
from zaohua.multimodal.understanding.shape import Shape
from zaohua.nn.mel import LOG_FLOOR, MelConfig, log_mel

SILENCE = -1.0  # in a spectrum as the network hears it
_AT_ONCE = 256  # sounds
UNKNOWN = -1  # a word that the table's column did not hold in training


@dataclass(frozen=True)
class Batch:
    """inputs: by modality, what its encoder takes; present: bool [B] by modality; targets: [B]."""

    inputs: dict[str, tuple[Tensor, ...]]
    present: dict[str, Tensor]
    targets: Tensor

    def to(self, device: torch.device) -> "Batch":
        """The same there."""
        return Batch(
            {name: tuple(tensor.to(device) for tensor in parts) for name, parts in self.inputs.items()},
            {name: there.to(device) for name, there in self.present.items()},
            self.targets.to(device),
        )


class Rows:
    """All rows of a side in memory, to be taken by number.

    tokenizer: of texts, None where there are none; words: known ones by column of the table.
    """

    def __init__(self, side: Side, shape: Shape, tokenizer: Tokenizer | None) -> None:
        self.present, self.targets = dict(side.present), side.targets
        self._held: dict[str, tuple[Tensor, ...]] = {}
        self._texts: list[np.ndarray] = []
        for name in shape.forms.modalities:
            values = side.values[name]
            if name == "text":
                assert tokenizer is not None
                self._texts = [ids[: shape.context] for ids in tokenizer.encode_batch(values)]
            elif name == "audio":
                self._held[name] = (heard(values, shape.mel),)
            elif name == "table":
                self._held[name] = values.numbers, coded(values, shape.words)
            else:
                self._held[name] = (values,)

    def __len__(self) -> int:
        return len(self.targets)

    def batch(self, numbers: Tensor) -> Batch:
        """These rows, int64 [B]."""
        inputs = {name: tuple(part[numbers] for part in parts) for name, parts in self._held.items()}
        if self._texts:
            inputs["text"] = padded([self._texts[number] for number in numbers])
        for name in ("image", "video"):
            if name in inputs:
                inputs[name] = (to_floats(inputs[name][0]),)
        present = {name: there[numbers] for name, there in self.present.items()}
        return Batch(inputs, present, self.targets[numbers])


def heard(waves: Tensor, mel: MelConfig) -> Tensor:
    """Log-mel spectra, silence being -1 and a loud band about 1. float32 [N, T] -> [N, 1, bands, moments]"""
    parts = [1 - 2 * log_mel(part, mel) / LOG_FLOOR for part in waves.split(_AT_ONCE)]
    return torch.cat(parts)[:, None]


def coded(rows: TableRows, words: Sequence[Sequence[str]]) -> Tensor:
    """Words by number: from 1 on those known, 0 for none, -1 for one not known. int64 [N, J]"""
    numbers = [{word: number for number, word in enumerate(known, 1)} | {"": 0} for known in words]
    found = [[of.get(word, UNKNOWN) for of, word in zip(numbers, row, strict=True)] for row in rows.words]
    return torch.tensor(found, dtype=torch.long).reshape(len(rows.words), len(words))


def padded(texts: Sequence[np.ndarray]) -> tuple[Tensor, Tensor]:
    """Ids [B, T] of texts of different lengths, and which of them are no padding, bool [B, T]."""
    longest = max(1, max(map(len, texts)))
    ids, real = torch.zeros(len(texts), longest, dtype=torch.long), torch.zeros(len(texts), longest, dtype=torch.bool)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = torch.from_numpy(text.astype(np.int64))
        real[row, : len(text)] = True
    return ids, real


def example(shape: Shape) -> Batch:
    """One row with everything, of which nothing but the sizes counts."""
    forms = shape.forms
    inputs: dict[str, tuple[Tensor, ...]] = {}
    if forms.text:
        inputs["text"] = torch.zeros(1, shape.context, dtype=torch.long), torch.ones(1, shape.context, dtype=torch.bool)
    if forms.image is not None:
        inputs["image"] = (torch.zeros(1, forms.image.channels, forms.image.size, forms.image.size),)
    if forms.audio is not None:
        inputs["audio"] = (heard(torch.zeros(1, forms.audio.length), shape.mel),)
    if forms.video is not None:
        picture = forms.video.picture
        inputs["video"] = (torch.zeros(1, forms.video.frames, picture.channels, picture.size, picture.size),)
    if forms.table is not None:
        numbers, words = len(forms.table.numbers), len(forms.table.categories)
        inputs["table"] = torch.zeros(1, numbers), torch.full((1, words), UNKNOWN)
    there = torch.ones(1, dtype=torch.bool)
    return Batch(inputs, dict.fromkeys(inputs, there), torch.zeros(1))
