"""How good translations of held-out pictures are, beside what costs nothing: the input as it is."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from zaohua.data.pictures.pairs import Pairs
from zaohua.errors import ZaohuaError
from zaohua.gan.translation.cutting import as_bytes, as_numbers
from zaohua.i18n import t
from zaohua.judges.extractor import Extractor
from zaohua.judges.networks.efficientnet_lite import EfficientNetLite
from zaohua.judges.perceptual import perceptual_distance
from zaohua.judges.pictures import with_channels
from zaohua.metrics.distances import frechet_distance, moments

_BATCH = 16
_FEWEST = 2  # pictures that have a spread


@torch.no_grad()
def translate_all(
    generator: nn.Module, pictures: Tensor, *, on_progress: Callable[[int], None] = lambda done: None
) -> Tensor:
    """Many pictures of one size. uint8 [N, C, H, W] -> uint8 [N, C', H, W]"""
    device, made = next(generator.parameters()).device, []
    for part in pictures.split(_BATCH):
        made.append(as_bytes(generator(as_numbers(part.to(device)))).cpu())
        on_progress(sum(map(len, made)))
    return torch.cat(made)


class Judge:
    """Compares translations with what they should be, of which it looks at the features once.

    pairs: whose held-out pictures are meant; most: how many of them. ZaohuaError for fewer than 2.
    """

    def __init__(self, pairs: Pairs, extractor: Extractor, most: int) -> None:
        self.extractor, self._paired = extractor, pairs.paired
        self.inputs, self.wanted = pairs.validation.inputs[:most], pairs.validation.targets[:most]
        if len(self.wanted) < _FEWEST or len(self.inputs) < _FEWEST:
            count = min(len(self.wanted), len(self.inputs))
            raise ZaohuaError(t("judges.too_few", count=count, needed=_FEWEST))
        self._moments = moments(extractor.read(self.wanted).features)
        self._train = pairs.train.targets

    def scores(self, made: Tensor) -> dict[str, float]:
        """Of translations of `inputs`, uint8 [N, C, H, W]. fd: squared Fréchet distance of both sets. Of pairs also l1,
        the mean distance of their numbers, 0 … 1, and where the extractor has stages perceptual, see
        zaohua.judges.perceptual."""
        found = {"fd": self._distance(made)}
        if self._paired:
            found["l1"] = float((_comparable(made) - _comparable(self.wanted)).abs().mean() / 255)
            if isinstance(self.extractor.module, EfficientNetLite):
                found["perceptual"] = float(np.mean(perceptual_distance(made, self.wanted, self.extractor)))
        return found

    def translated(self, generator: nn.Module) -> dict[str, float]:
        """The scores of a translator."""
        return self.scores(translate_all(generator, self.inputs))

    def baselines(self) -> dict[str, dict[str, float]]:
        """copy: what the inputs score as they are; floor: as many targets that were learnt from, if there are any."""
        found = {"copy": self.scores(self.inputs)}
        if len(self._train) >= _FEWEST:
            count = min(len(self.wanted), len(self._train))
            some = torch.linspace(0, len(self._train) - 1, count).round().long()
            found["floor"] = {"fd": self._distance(self._train[some])}
        return found

    def _distance(self, pictures: Tensor) -> float:
        return frechet_distance(moments(self.extractor.read(pictures).features), self._moments)


def _comparable(pictures: Tensor) -> Tensor:
    """In colour and on white, whatever the channels, so that any two can be compared. float [N, 3, H, W]"""
    return with_channels(pictures.float(), 3)
