"""DNSMOS: how good people would find a recording of speech, judged by a network without hearing the original.

The network of Reddy et al. 2022 (arXiv:2110.01763) answers the three questions of ITU-T P.835, each from 1 to 5. It
hears windows of 9.01 seconds at 16 kHz, one a second; what is shorter is repeated. What it says is turned into scores
by the polynomials that its authors fitted, and averaged.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from zaohua.data.sounds import resampled
from zaohua.data.wheels import WheelFile, locate
from zaohua.extras import need
from zaohua.judges.weights import signed

RATE = 16_000
_WINDOW = 144_160  # samples: 9.01 s
_NETWORK = WheelFile(
    "speechmos",
    "0.0.1.1",
    "31c4c9d3234f6ee10102edff74333014c50006a3f389daf7ecacae34e68ebbf7",
    "speechmos/dnsmos_models/sig_bak_ovr.onnx",
    "269fbebdb513aa23cddfbb593542ecc540284a91849ac50516870e1ac78f6edd",
)
NAME = signed("dnsmos", _NETWORK.sha256)
_FITTED = {  # of the network's outputs, in their order; highest power first
    "signal": (-0.08397278, 1.22083953, 0.0052439),
    "background": (-0.13166888, 1.60915514, -0.39604546),
    "overall": (-0.06766283, 1.11546468, 0.04602535),
}
QUESTIONS = tuple(_FITTED)


def dnsmos(waves: Sequence[np.ndarray], rate: int) -> dict[str, float]:
    """The mean scores of clips, float32 [T] each at `rate`: "signal" (is the voice undistorted?), "background" (is
    nothing else heard?), "overall".

    The network comes by pip the first time. Raises ZaohuaError if it or onnxruntime cannot be had.
    """
    session = _session()
    found = [_score(session, np.clip(resampled(wave, rate, RATE), -1, 1)) for wave in waves]
    return dict(zip(QUESTIONS, np.mean(found, axis=0).tolist(), strict=True))


def _score(session: Any, wave: np.ndarray) -> np.ndarray:
    """The three scores of one clip at RATE."""
    doublings = math.ceil(math.log2(max(1, _WINDOW / len(wave))))
    wave = np.tile(wave, 2**doublings)
    starts = RATE * np.arange(max(1, len(wave) // RATE - _WINDOW // RATE))  # its authors leave the last one out
    windows = np.stack([wave[start : start + _WINDOW] for start in starts]).astype(np.float32)
    (answers,) = session.run(None, {"input_1": windows})  # [windows, 3]
    return np.array([np.polyval(_FITTED[name], column).mean() for name, column in zip(_FITTED, answers.T, strict=True)])


@lru_cache(maxsize=1)
def _session() -> Any:
    onnxruntime = need("onnxruntime", "judges")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    return onnxruntime.InferenceSession(locate(_NETWORK), options, providers=["CPUExecutionProvider"])
