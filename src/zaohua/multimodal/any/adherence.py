"""Whether made pictures are of the kind that was asked for: a small classifier, trained on the real ones, says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn

from zaohua.data.captioned import Side
from zaohua.gan.images.pixels import to_floats
from zaohua.judges.fit import fit_classifier

_EPOCHS, _SHIFT = 12, 2
_FEWEST = 8  # pictures of a class on average: with fewer there is little to learn


@dataclass(frozen=True)
class Adherence:
    """classes: names, in the order of the classifier's outputs."""

    module: nn.Module
    classes: tuple[str, ...]

    @classmethod
    def of(cls, train: Side) -> Self | None:
        """A classifier of these pictures, or None where they have no classes to tell apart."""
        classes = tuple(sorted(set(train.classes)))
        if len(classes) < 2 or "" in classes or len(train.classes) < _FEWEST * len(classes):
            return None
        assert isinstance(train.media, Tensor)
        labels = torch.tensor([classes.index(name) for name in train.classes])
        pictures = to_floats(train.media)
        return cls(fit_classifier(pictures, labels, classes=len(classes), epochs=_EPOCHS, shift=_SHIFT), classes)

    @torch.no_grad()
    def share(self, pictures: Tensor, wanted: Sequence[str]) -> float:
        """How many of these pictures, uint8 [N, C, H, W], it takes for what was wanted."""
        _, logits = self.module(to_floats(pictures))
        found = [self.classes[number] for number in logits.argmax(1).tolist()]
        return sum(one == other for one, other in zip(found, wanted, strict=True)) / len(found)
