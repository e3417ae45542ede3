"""How good pictures are that have been through their tokens, beside those that have been through as many bits more
simply."""

import torch
import torch.nn.functional as F
from torch import Tensor

from zaohua.data.pictures import Pictures
from zaohua.data.pictures.pairs import Pairs, Side
from zaohua.gan.images.measures import usual_extractor
from zaohua.gan.translation.measure import Judge
from zaohua.judges.extractor import open_extractor
from zaohua.multimodal.tokenisers.images.config import MeasureConfig
from zaohua.multimodal.tokenisers.images.model import ImageTokeniser
from zaohua.multimodal.tokenisers.images.network import GRID
from zaohua.multimodal.tokenisers.usage import code_usage

_FULL = 255


class Measures:
    """Of the held-out pictures, some at most; they are looked at once."""

    def __init__(self, pictures: Pictures, config: MeasureConfig) -> None:
        judge = config.extractor or usual_extractor(pictures.report["source"], pictures.report["size"])
        self._judge = Judge(_with_themselves(pictures), open_extractor(judge), config.most)
        self.pictures, self.wanted = pictures, self._judge.wanted
        self.extractor = self._judge.extractor.name

    def scores(self, made: Tensor) -> dict[str, float]:
        """Of pictures that should be the held-out ones, uint8 [N, C, H, W]: l1, 0 … 1, fd and perceptual as of any
        translation (zaohua.gan.translation.measure), and psnr in decibels."""
        return {**self._judge.scores(made), "psnr": psnr(made, self.wanted)}

    def brief(self, model: ImageTokeniser) -> dict[str, float]:
        """The scores of a tokeniser, and how much of its codes the held-out pictures use."""
        ids = model.encode(self.wanted)
        return {**self.scores(model.decode(ids)), **code_usage(ids, model.codes)}

    def baselines(self, codes: int) -> dict[str, dict[str, float]]:
        """small: 8 × 8 pixels of as many colours as there are codes; one_colour: the mean of each picture; floor: the
        distance of as many pictures that were learnt from."""
        plain = {"small": small(self.wanted, codes), "one_colour": one_colour(self.wanted)}
        return {name: self.scores(made) for name, made in plain.items()} | {"floor": self._judge.baselines()["floor"]}

    def learnt(self, model: ImageTokeniser) -> dict[str, float]:
        """psnr and the use of the codes on all pictures that were learnt from."""
        ids = model.encode(self.pictures.train)
        return {"psnr": psnr(model.decode(ids), self.pictures.train), **code_usage(ids, model.codes)}


def psnr(made: Tensor, wanted: Tensor) -> float:
    """Mean over the pictures of 10 log10(255² / mean squared difference), in decibels; equal ones count as if they
    differed by half a level everywhere. uint8 [N, C, H, W] twice"""
    squared = (made.double() - wanted.double()).square().mean((1, 2, 3)).clamp(min=0.25)
    return float((10 * torch.log10(_FULL**2 / squared)).mean())


def small(pictures: Tensor, codes: int) -> Tensor:
    """Each as 8 × 8 pixels of so many colours at most, the same levels in each channel, enlarged again: what a token
    for each place could say without a network. uint8 [N, C, H, W]"""
    steps = max(1, int(codes ** (1 / pictures.shape[1]) + 1e-9) - 1)
    tiny = F.adaptive_avg_pool2d(pictures.float(), GRID)
    rounded = (tiny / _FULL * steps).round() / steps * _FULL
    large = F.interpolate(rounded, pictures.shape[-2:], mode="bicubic", align_corners=False)
    return large.clamp(0, _FULL).round().to(torch.uint8)


def one_colour(pictures: Tensor) -> Tensor:
    """Each as its mean colour. uint8 [N, C, H, W]"""
    return pictures.float().mean((2, 3), keepdim=True).round().to(torch.uint8).expand_as(pictures).contiguous()


def _with_themselves(pictures: Pictures) -> Pairs:
    """Every picture as what it should become."""
    train = Side(pictures.train, pictures.train, pictures.train_names, pictures.train_names)
    held = Side(pictures.validation, pictures.validation, pictures.validation_names, pictures.validation_names)
    return Pairs(train, held, paired=True, report=pictures.report)
